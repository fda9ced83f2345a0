import type { Reading, Udid } from '@lockstep/core/health';
import { type DraftFact, isMacBackingUp, type Machine, type PlistDict, readMacProcesses, truth, words } from '../../../machine/index.js';
import { type Asking, draft, type Row } from '../../probe.js';
import { failedForAll, orNull, personInFront, settingsOf } from './person.js';
import { age } from './services.js';

/**
 * The last backup of each phone, from its Status, Info and Manifest. Of these a handful of values is taken, and nothing else is looked at;
 * the folders are never written to. Without Full Disk Access macOS refuses: that is `denied`, never "no backup".
 */
export const backupRow: Row = {
  asks: ['ioreg-root', 'account-of', 'mac-backups', 'mac-backup-status', 'mac-backup-info', 'mac-backup-manifest', 'mac-backup-database'],
  privilege: 'admin',
  async ask({ machine, phones }, signal) {
    const person = await personInFront(machine, signal);
    if (!person.there) return failedForAll('backup', phones, person.reason);
    const folders = await orNull(machine.list('mac-backups', { home: person.home }));
    const facts: DraftFact[] = [];
    for (const udid of phones) {
      const there = folders?.some((f) => f.kind === 'folder' && f.name === udid) ?? false;
      facts.push(there ? await backupDraft(machine, udid, person.home) : draft.absent('backup', { udid }));
    }
    return facts;
  },
};

async function backupDraft(machine: Machine, udid: Udid, home: string): Promise<DraftFact> {
  const at = { udid, home };
  const [status, info, manifest, database] = await Promise.all([
    settingsOf(machine, 'mac-backup-status', at),
    settingsOf(machine, 'mac-backup-info', at),
    settingsOf(machine, 'mac-backup-manifest', at),
    orNull(machine.stat('mac-backup-database', at)),
  ]);
  for (const file of [status, info, manifest])
    if (!file.read && file.reason !== 'missing') return draft.failed('backup', { udid }, file.reason);
  return draft.seen(
    'backup',
    { udid },
    {
      snapshot: snapshotOf(status.read ? status.values : null),
      at: (status.read ? dateIn(status.values, 'Date') : null) ?? (info.read ? dateIn(info.values, 'Last Backup Date') : null),
      full: status.read ? truth(status.values.IsFullBackup) : null,
      encrypted: manifest.read ? truth(manifest.values.IsEncrypted) : null,
      // Since iOS 10 the list of files is a database beside the manifest.
      manifest: manifest.read && database !== null,
      productVersion: info.read ? versionIn(words(info.values['Product Version'])) : null,
    },
  );
}

const SNAPSHOTS: ReadonlySet<string> = new Set(['finished', 'uploading', 'moving', 'removing', 'new']);

/** A backup without a Status is one that never got that far. */
export function snapshotOf(status: PlistDict | null): Reading<'backup'>['snapshot'] {
  const state = status === null ? null : words(status.SnapshotState);
  return state !== null && SNAPSHOTS.has(state) ? (state as Reading<'backup'>['snapshot']) : 'unknown';
}

function dateIn(values: PlistDict, key: string): string | null {
  const at = values[key];
  return at instanceof Date && Number.isFinite(at.getTime()) ? at.toISOString() : null;
}

function versionIn(raw: string | null): string | null {
  return raw !== null && /^\d[\d.]{0,15}$/.test(raw) ? raw : null;
}

/** A backup under way: Apple's program for it runs, and a phone's folder has a snapshot that is not finished. */
export const backupActivityRow: Row = {
  asks: ['process-list', 'ioreg-root', 'account-of', 'mac-backups', 'mac-backup-status', 'mac-backup-folder', 'mac-backup-database'],
  privilege: 'admin',
  ask: askActivity,
};

async function askActivity({ machine, phones }: Asking, signal: AbortSignal): Promise<DraftFact[]> {
  const list = readMacProcesses(await machine.run('process-list', signal));
  if (!list.read) return failedForAll('backup-activity', phones, list.reason);
  if (!isMacBackingUp(list.processes)) return phones.map((udid) => draft.absent('backup-activity', { udid }));
  const person = await personInFront(machine, signal);
  if (!person.there) return failedForAll('backup-activity', phones, person.reason);
  const facts: DraftFact[] = [];
  for (const udid of phones) facts.push(await activityOf(machine, udid, person.home, phones.length === 1));
  return facts;
}

async function activityOf(machine: Machine, udid: Udid, home: string, only: boolean): Promise<DraftFact> {
  const at = { udid, home };
  const status = await settingsOf(machine, 'mac-backup-status', at);
  if (!status.read && status.reason !== 'missing') return draft.failed('backup-activity', { udid }, status.reason);
  const state = snapshotOf(status.read ? status.values : null);
  // Another phone's backup: this one's is finished. With one phone there is no doubt whose it is.
  if (!only && (state === 'finished' || !status.read)) return draft.absent('backup-activity', { udid });
  const touched = await Promise.all([orNull(machine.stat('mac-backup-folder', at)), orNull(machine.stat('mac-backup-database', at))]);
  const last = Math.max(...touched.map((t) => t?.modifiedAt ?? Number.NEGATIVE_INFINITY));
  return draft.seen(
    'backup-activity',
    { udid },
    {
      stalledS: Number.isFinite(last) ? age(machine.now() - last) : null,
      waitsForPasscode: null,
      lastError: null,
    },
  );
}
