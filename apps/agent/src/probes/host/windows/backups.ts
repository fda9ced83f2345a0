import type { FailReason, Udid } from '@lockstep/core/health';
import {
  type DraftFact,
  type FileId,
  isBackingUpHere,
  type ListId,
  type Machine,
  type PlistDict,
  processesOf,
  ReadFailed,
  type StatId,
  type SystemFileId,
  truth,
  words,
} from '../../../machine/index.js';
import { draft, type Row } from '../../probe.js';
import { age, failedForAll, orNull, settingsOf, snapshotOf } from '../macos/index.js';
import { documentOf, patience } from './reports.js';
import { homesIn } from './services.js';

/** One place of backups in a home folder. */
interface Place {
  list: ListId;
  folder: StatId;
  database: StatId;
  status: SystemFileId;
  info: SystemFileId;
  manifest: SystemFileId;
}

/** Apple's installer keeps them below the roaming profile, its Store apps in a folder of their own; both may be there. */
const PLACES: readonly Place[] = [
  {
    list: 'win-backups',
    folder: 'win-backup-folder',
    database: 'win-backup-database',
    status: 'win-backup-status',
    info: 'win-backup-info',
    manifest: 'win-backup-manifest',
  },
  {
    list: 'win-store-backups',
    folder: 'win-store-backup-folder',
    database: 'win-store-backup-database',
    status: 'win-store-backup-status',
    info: 'win-store-backup-info',
    manifest: 'win-store-backup-manifest',
  },
];
const FILES: readonly FileId[] = PLACES.flatMap((p) => [p.list, p.folder, p.database, p.status, p.info, p.manifest]);

interface Found {
  place: Place;
  home: string;
}

/** Where backups of these phones lie, in every home folder; `blind` where one may not be looked into. */
async function findBackups(machine: Machine, homes: readonly string[]): Promise<{ of: Map<Udid, Found[]>; blind: FailReason | null }> {
  const of = new Map<Udid, Found[]>();
  let blind: FailReason | null = null;
  for (const home of homes) {
    for (const place of PLACES) {
      try {
        for (const entry of await machine.list(place.list, { home }))
          if (entry.kind === 'folder') of.set(entry.name as Udid, [...(of.get(entry.name as Udid) ?? []), { place, home }]);
      } catch (e) {
        if (!(e instanceof ReadFailed)) throw e;
        if (e.reason !== 'missing') blind ??= e.failReason;
      }
    }
  }
  return { of, blind };
}

/**
 * The last backup of each phone by whoever made one here, from its Status, Info and Manifest: a handful of values, and nothing else is
 * looked at. A home folder that may not be read may hold one: then it cannot be said that there is none.
 */
export const backupRow: Row = {
  asks: ['windows-now', ...FILES],
  privilege: 'admin',
  deadlineMs: patience('windows-now'),
  async ask({ machine, phones }, signal) {
    const doc = await documentOf(machine, 'windows-now', signal);
    if (!doc.read) return failedForAll('backup', phones, doc.reason);
    const homes = homesIn(doc.document);
    const found = await findBackups(machine, homes);
    // Every computer has at least one person's folder.
    const blind = homes.length === 0 ? 'unsupported' : found.blind;
    const facts: DraftFact[] = [];
    for (const udid of phones) {
      const drafts = await Promise.all((found.of.get(udid) ?? []).map((f) => backupDraft(machine, udid, f)));
      const newest = drafts.filter((d) => d.state === 'seen').sort((a, b) => madeAt(b) - madeAt(a))[0];
      facts.push(newest ?? drafts[0] ?? (blind === null ? draft.absent('backup', { udid }) : draft.failed('backup', { udid }, blind)));
    }
    return facts;
  },
};

function madeAt(d: DraftFact): number {
  return d.state === 'seen' && d.kind === 'backup' && d.reading.at !== null ? Date.parse(d.reading.at) : 0;
}

async function backupDraft(machine: Machine, udid: Udid, { place, home }: Found): Promise<DraftFact> {
  const at = { udid, home };
  const [status, info, manifest, database] = await Promise.all([
    settingsOf(machine, place.status, at),
    settingsOf(machine, place.info, at),
    settingsOf(machine, place.manifest, at),
    orNull(machine.stat(place.database, at)),
  ]);
  for (const file of [status, info, manifest])
    if (!file.read && file.reason !== 'missing') return draft.failed('backup', { udid }, file.reason);
  const version = info.read ? words(info.values['Product Version']) : null;
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
      productVersion: version !== null && /^\d[\d.]{0,15}$/.test(version) ? version : null,
    },
  );
}

function dateIn(values: PlistDict, key: string): string | null {
  const at = values[key];
  return at instanceof Date && Number.isFinite(at.getTime()) ? at.toISOString() : null;
}

/** A backup under way: Apple's program for it runs, and a phone's folder has a snapshot that is not finished. */
export const backupActivityRow: Row = {
  asks: ['windows-now', ...FILES],
  privilege: 'admin',
  deadlineMs: patience('windows-now'),
  async ask({ machine, phones }, signal) {
    const doc = await documentOf(machine, 'windows-now', signal);
    const processes = doc.read ? processesOf(doc.document) : doc;
    if (!doc.read || !processes.read) return failedForAll('backup-activity', phones, processes.read ? 'garbage' : processes.reason);
    if (!isBackingUpHere(processes.rows)) return phones.map((udid) => draft.absent('backup-activity', { udid }));
    const found = await findBackups(machine, homesIn(doc.document));
    return await Promise.all(phones.map((udid) => activityOf(machine, udid, found.of.get(udid) ?? [], found.blind, phones.length === 1)));
  },
};

async function activityOf(
  machine: Machine,
  udid: Udid,
  places: readonly Found[],
  blind: FailReason | null,
  only: boolean,
): Promise<DraftFact> {
  let last: number | null = null;
  let open = false;
  for (const { place, home } of places) {
    const at = { udid, home };
    const status = await settingsOf(machine, place.status, at);
    if (!status.read && status.reason !== 'missing') return draft.failed('backup-activity', { udid }, status.reason);
    open ||= status.read && snapshotOf(status.values) !== 'finished';
    for (const file of [place.folder, place.database]) {
      const touched = await orNull(machine.stat(file, at));
      if (touched) last = Math.max(last ?? 0, touched.modifiedAt);
    }
  }
  // Another phone's backup: this one's is finished. With one phone there is no doubt whose it is.
  if (!only && !open) return blind === null ? draft.absent('backup-activity', { udid }) : draft.failed('backup-activity', { udid }, blind);
  return draft.seen(
    'backup-activity',
    { udid },
    {
      stalledS: last === null ? null : age(machine.now() - last),
      waitsForPasscode: null,
      lastError: null,
    },
  );
}
