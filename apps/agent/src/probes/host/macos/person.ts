import type { FactKind, FailReason } from '@lockstep/core/health';
import {
  type DraftFact,
  isDict,
  type Machine,
  type PlistDict,
  plistOf,
  ReadFailed,
  readAccount,
  readConsole,
  type SystemFileId,
} from '../../../machine/index.js';
import { draft } from '../../probe.js';

/** The person in front of the Mac: never root. Names and folders fill the tables' open places and are told to nobody. */
export type Person = { there: true; uid: string; account: string; home: string } | { there: false; reason: FailReason };

/** Whose session is in front. Nobody's is `no-session`. */
export async function uidInFront(machine: Machine, signal: AbortSignal): Promise<{ uid: string } | { reason: FailReason }> {
  const console = readConsole(await machine.run('ioreg-root', signal));
  if (!console.read) return { reason: console.reason };
  return console.uid === null ? { reason: 'no-session' } : { uid: console.uid };
}

/** The person in front, with the home folder. */
export async function personInFront(machine: Machine, signal: AbortSignal): Promise<Person> {
  const front = await uidInFront(machine, signal);
  if ('reason' in front) return { there: false, reason: front.reason };
  const account = readAccount(await machine.run('account-of', signal, { uid: front.uid }));
  if (!account.read) return { there: false, reason: account.reason };
  return { there: true, uid: front.uid, account: account.account, home: account.home };
}

/** A look at a file that may be missing: null then. A refusal is thrown on. */
export async function orNull<T>(look: Promise<T>): Promise<T | null> {
  try {
    return await look;
  } catch (e) {
    if (e instanceof ReadFailed && e.reason === 'missing') return null;
    throw e;
  }
}

/** What a file of settings says: `missing` and `denied` are told apart, since what may not be read is not known. */
export type Settings = { read: true; values: PlistDict } | { read: false; reason: 'missing' | FailReason };

/** A property list with a dictionary at its root. */
export async function settingsOf(machine: Machine, id: SystemFileId, params?: Parameters<Machine['readBytes']>[1]): Promise<Settings> {
  try {
    const root = plistOf(await machine.readBytes(id, params)) ?? undefined;
    return isDict(root) ? { read: true, values: root } : { read: false, reason: 'garbage' };
  } catch (e) {
    if (e instanceof ReadFailed) return { read: false, reason: e.reason === 'missing' ? 'missing' : e.failReason };
    throw e;
  }
}

/** How many reports of crashes of a program were written within a day; null when nobody may look. */
export async function crashes24h(
  machine: Machine,
  id: 'mac-crashes' | 'mac-own-crashes',
  program: string,
  home?: string,
): Promise<number | null> {
  try {
    const entries = await machine.list(id, home === undefined ? undefined : { home });
    // `usbmuxd-2026-11-24-091213.ips`, `.crash` in older releases.
    const name = new RegExp(`^${program}[-_]\\d{4}-.*\\.(ips|crash)$`);
    return entries.filter((e) => e.kind === 'file' && name.test(e.name) && machine.now() - e.modifiedAt < 86_400_000).length;
  } catch (e) {
    // No folder: nothing ever crashed.
    if (e instanceof ReadFailed) return e.reason === 'missing' ? 0 : null;
    throw e;
  }
}

/** The same failure for each phone. */
export function failedForAll(kind: FactKind, phones: readonly Parameters<typeof forPhone>[0][], reason: FailReason): DraftFact[] {
  return phones.map((udid) => draft.failed(kind, forPhone(udid), reason));
}

function forPhone(udid: Extract<DraftFact['subject'], object>['udid']): { udid: typeof udid } {
  return { udid };
}
