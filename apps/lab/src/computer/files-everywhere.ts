import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DiskSpace, type FileEntry, type FileId, type FileStat, type Os, type Params, ReadFailed } from '@lockstep/agent/machine';
import { hostsText } from './acts/index.js';
import type { ComputerView, HostCondition } from './condition.js';
import { USBMUX_UID } from './linux-answers.js';

/** `_usbmuxd`, Apple's own account for the daemon on every Mac. */
const MAC_USBMUX_UID = 213;

/** Files that all systems have: the hosts file and the folder of pair records. Undefined for another one. Throws ReadFailed. */
export function fileEverywhere(
  id: FileId,
  params: Params,
  { os, condition, startedAt }: ComputerView,
  records: string,
): string | FileStat | FileEntry[] | DiskSpace | undefined {
  switch (id) {
    case 'hosts':
      return hostsText(condition);
    case 'record-folder':
      return { ...folderOwner(os, condition), kind: 'folder', bytes: 4_096, mode: folderMode(os, condition), modifiedAt: startedAt };
    case 'record-file':
      return entryOf(`${params.udid}.plist`, os, condition, records);
    case 'record-files':
      return (existsSync(records) ? readdirSync(records).sort() : []).map((name) => entryOf(name, os, condition, records));
    case 'record-space':
    case 'home-space':
      return { freeBytes: condition.freeBytes, totalBytes: condition.totalBytes };
    default:
      return undefined;
  }
}

function ownerOn(os: Os): { uid: number; gid: number } {
  if (os === 'macos') return { uid: MAC_USBMUX_UID, gid: MAC_USBMUX_UID };
  return os === 'linux' ? { uid: USBMUX_UID, gid: 46 } : { uid: 0, gid: 0 };
}

function folderOwner(os: Os, { recordFolder }: HostCondition): { uid: number; gid: number } {
  const shipped = ownerOn(os);
  return { ...shipped, uid: recordFolder?.uid ?? shipped.uid };
}

function folderMode(os: Os, { recordsWritable, recordFolder }: HostCondition): number {
  if (recordFolder !== null) return recordFolder.mode;
  if (!recordsWritable) return 0o500;
  return os === 'macos' ? 0o700 : 0o755;
}

/** A file of the records' folder as the system describes it; its owner is the simulated computer's. */
function entryOf(name: string, os: Os, condition: HostCondition, records: string): FileEntry {
  const path = join(records, name);
  if (!existsSync(path)) throw new ReadFailed('missing', path);
  const s = lstatSync(path);
  const written = name === 'SystemConfiguration.plist' ? condition.identityAt : null;
  return { ...ownerOn(os), name, kind: 'file', bytes: s.size, mode: 0o600, modifiedAt: written ?? Math.round(s.mtimeMs) };
}
