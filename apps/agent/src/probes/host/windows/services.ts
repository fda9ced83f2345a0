import type { Reading, Udid } from '@lockstep/core/health';
import {
  type DraftFact,
  homesOf,
  isDict,
  type Machine,
  PARAMS,
  type PlistDict,
  processesOf,
  readRestores,
  readSyncAgents,
  updatersIn,
  type WindowsDocument,
  words,
} from '../../../machine/index.js';
import { draft, type Row } from '../../probe.js';
import { age, failedForAll, settingsOf } from '../macos/index.js';
import { documentOf, patience, scriptRow } from './reports.js';

export const syncAgentsRow = scriptRow('sync-agents', 'windows-now', readSyncAgents);

/** A restore writes a line every few seconds; an open iTunes whose log is older restores nothing, s. */
const RESTORING_S = 3_600;

/** Programs that update or restore now. iTunes and Apple Devices count while their restore log is young: open they are all day. */
export const updaterActivityRow: Row = {
  asks: ['windows-now'],
  privilege: 'admin',
  deadlineMs: patience('windows-now'),
  async ask({ machine }, signal) {
    const doc = await documentOf(machine, 'windows-now', signal);
    const processes = doc.read ? processesOf(doc.document) : doc;
    if (!doc.read || !processes.read) return [draft.failed('updater-activity', 'host', processes.read ? 'garbage' : processes.reason)];
    const log = readRestores(doc.document);
    const logAgeS = log === null ? null : age(doc.document.at - log.at);
    const young = logAgeS !== null && logAgeS < RESTORING_S;
    return [
      draft.seen('updater-activity', 'host', {
        programs: updatersIn(processes.rows).filter((p) => young || p === 'idevicerestore'),
        logAgeS,
        lastError: log?.lastError ?? null,
        lastErrorAt: log && log.lastError !== null ? new Date(log.at).toISOString() : null,
      }),
    ];
  },
};

/** Home folders that the files' table takes. */
export function homesIn(document: WindowsDocument): string[] {
  return homesOf(document).filter((h) => PARAMS.home(h));
}

/**
 * The histories of everybody who signed in here, by ECID, which is the second half of a new UDID, or by the UDID itself; older phones are
 * in it by a number that cannot be told from here. Of each entry two values are taken: serial numbers and IMEIs stay in the file. The
 * history is written seldom: never what the phone runs now.
 */
export const deviceHistoryRow: Row = {
  asks: ['windows-now', 'win-device-history'],
  privilege: 'admin',
  deadlineMs: patience('windows-now'),
  async ask({ machine, phones }, signal) {
    const doc = await documentOf(machine, 'windows-now', signal);
    if (!doc.read) return failedForAll('device-history', phones, doc.reason);
    const histories = await historiesIn(machine, homesIn(doc.document));
    return phones.map((udid) => historyDraft(histories, udid));
  },
};

type Histories = { entries: [key: string, entry: PlistDict][]; blind: Parameters<typeof draft.failed>[2] | null };

async function historiesIn(machine: Machine, homes: readonly string[]): Promise<Histories> {
  const found: Histories = { entries: [], blind: null };
  for (const home of homes) {
    const file = await settingsOf(machine, 'win-device-history', { home });
    if (!file.read) {
      if (file.reason !== 'missing') found.blind ??= file.reason;
      continue;
    }
    const devices = isDict(file.values.Devices) ? file.values.Devices : {};
    for (const [key, entry] of Object.entries(devices)) if (isDict(entry)) found.entries.push([key, entry]);
  }
  return found;
}

function historyDraft({ entries, blind }: Histories, udid: Udid): DraftFact {
  const mine = entries.filter(([key, entry]) => isOf(key, entry, udid)).map(([, entry]) => entry);
  const readings = mine.map(readingOf).sort((a, b) => (b.writtenAt ?? '').localeCompare(a.writtenAt ?? ''));
  const [reading] = readings;
  if (reading) return draft.seen('device-history', { udid }, reading);
  if (blind !== null) return draft.failed('device-history', { udid }, blind);
  if (entries.length > 0 && udid.length !== 25) return draft.failed('device-history', { udid }, 'unsupported');
  return draft.absent('device-history', { udid });
}

function isOf(key: string, entry: PlistDict, udid: Udid): boolean {
  const plain = udid.replace('-', '').toUpperCase();
  const names = [key, words(entry.ID), words(entry['Unique Device ID'])].flatMap((n) =>
    n === null ? [] : [n.toUpperCase().replace(/^0X|-/g, '')],
  );
  return names.some((n) => n === plain || (udid.length === 25 && n.padStart(16, '0') === udid.slice(9)));
}

function readingOf(entry: PlistDict): Reading<'device-history'> {
  const version = words(entry['Firmware Version String']);
  const at = entry.Connected;
  return {
    productVersion: version !== null && /^\d[\d.]{0,15}$/.test(version) ? version : null,
    writtenAt: at instanceof Date && Number.isFinite(at.getTime()) ? at.toISOString() : null,
  };
}
