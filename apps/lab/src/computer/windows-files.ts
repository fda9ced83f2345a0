import { type DiskSpace, type FileEntry, type FileId, type FileStat, type Params, ReadFailed } from '@lockstep/agent/machine';
import { type BackupPart, backupPart } from './backup-folder.js';
import type { ComputerView } from './condition.js';

const missing = (id: FileId): never => {
  throw new ReadFailed('missing', id);
};
/** Windows has neither modes nor numbers of owners: Node gives these. */
const stat = (kind: 'file' | 'folder', modifiedAt: number): FileStat => ({ kind, bytes: 4_096, mode: 0o666, uid: 0, gid: 0, modifiedAt });

/** What stands in a place of a Windows computer; undefined for one that this simulation does not know. Throws ReadFailed. */
export function windowsFile(id: FileId, params: Params, view: ComputerView): Uint8Array | FileStat | FileEntry[] | DiskSpace | undefined {
  // iTunes keeps backups in one place and the Store's apps in another.
  const ofStore = id.startsWith('win-store-');
  const isHere = ofStore === (view.condition.windows.stack === 'store');
  switch (id) {
    case 'win-registry-folder':
      return [{ name: 'SYSTEM', ...stat('file', view.startedAt) }];
    case 'win-backups':
    case 'win-store-backups':
      if (!isHere || view.condition.backups === 'none') return missing(id);
      return view.phones.flatMap((p) => (p.udid === null ? [] : [{ name: p.udid, ...stat('folder', view.startedAt) }]));
    case 'win-backup-folder':
    case 'win-backup-database':
    case 'win-backup-status':
    case 'win-backup-info':
    case 'win-backup-manifest':
    case 'win-store-backup-folder':
    case 'win-store-backup-database':
    case 'win-store-backup-status':
    case 'win-store-backup-info':
    case 'win-store-backup-manifest':
      return (
        (isHere ? backupPart(id.slice(id.lastIndexOf('-') + 1) as BackupPart, params.udid, view, stat('file', 0)) : null) ?? missing(id)
      );
    case 'win-device-history':
      return missing(id);
    default:
      return undefined;
  }
}
