import { type FileStat, writePlist } from '@lockstep/agent/machine';
import type { ComputerView } from './condition.js';

/** Files that every backup has, on Macs and PCs alike. */
export type BackupPart = 'folder' | 'database' | 'status' | 'info' | 'manifest';

/**
 * One part of a phone's backup; null where there is none. A backup that was cut off has neither manifest nor list of files, and says that it
 * was still copying.
 */
export function backupPart(part: BackupPart, udid: string | undefined, view: ComputerView, stat: FileStat): Uint8Array | FileStat | null {
  const { backups } = view.condition;
  if (backups === 'none' || !view.phones.some((p) => p.udid === udid)) return null;
  const at = new Date(view.startedAt - 86_400_000);
  const done = backups === 'finished';
  const found = { ...stat, modifiedAt: at.getTime() };
  switch (part) {
    case 'status':
      return Buffer.from(writePlist({ SnapshotState: done ? 'finished' : 'uploading', IsFullBackup: true, Date: at, Version: '3.3' }));
    case 'info':
      return Buffer.from(writePlist({ 'Product Version': '26.1', 'Last Backup Date': at }));
    case 'manifest':
      return done ? Buffer.from(writePlist({ IsEncrypted: true, Version: '10.0' })) : null;
    case 'database':
      return done ? { ...found, kind: 'file' } : null;
    case 'folder':
      return { ...found, kind: 'folder' };
  }
}
