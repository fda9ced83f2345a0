import { type AppleProgram, frontSession, processesOf, readApplePrograms, readDocument, readStoreNames } from '../../machine/index.js';
import type { FixTools } from '../fix.js';

/** What the Store calls Apple's apps. */
const STORE = { devices: 'AppleInc.AppleDevices', itunes: 'AppleInc.iTunes' } as const;
/** What brings Apple's service, of its own installer. */
const CLASSIC: ReadonlySet<string> = new Set(['iTunes', 'Apple Mobile Device Support']);
/** Their windows: what is open would be closed in the middle of something. */
const WINDOWS = /^(iTunes|AppleDevices)$/i;

/** Apple's programs on a PC, right before one of them is updated or removed. */
export interface AppleStackLook {
  programs: readonly AppleProgram[];
  /** Of Apple's own installer. */
  classic: boolean;
  /** Of the Store. */
  store: 'devices' | 'itunes' | 'both' | null;
  /** Somebody has one of them open. */
  open: boolean;
  /** A person sits at the computer's own screen. */
  person: boolean;
}

/** Null when it cannot be read: then nothing is touched. */
export async function lookAtStack({ ctx, signal }: FixTools): Promise<AppleStackLook | null> {
  const read = readDocument(await ctx.machine.run('apple-programs', signal));
  if (!read.read) return null;
  const programs = readApplePrograms(read.document);
  const apps = readStoreNames(read.document);
  const running = processesOf(read.document);
  if (!programs.read || !apps.read || !running.read) return null;
  const front = frontSession(read.document);
  const devices = apps.rows.includes(STORE.devices);
  const itunes = apps.rows.includes(STORE.itunes);
  return {
    programs: programs.rows,
    classic: programs.rows.some((p) => CLASSIC.has(p.name)),
    store: devices ? (itunes ? 'both' : 'devices') : itunes ? 'itunes' : null,
    open: running.rows.some((p) => WINDOWS.test(p.name)),
    person: front !== null && running.rows.some((p) => p.session === front && /^explorer$/i.test(p.name)),
  };
}
