import type { DraftFact } from '../draft.js';
import { failedEnd } from '../linux/index.js';
import { isDict } from '../plist/index.js';
import type { Ran } from '../port.js';
import { plistOf, words } from './registry.js';

/**
 * Reads `diskutil apfs listSnapshots -plist /`. Since macOS 11 the system runs from a snapshot (com.apple.os.update-…), so that the list is
 * never empty; an update that waits for its restart has prepared another one, `com.apple.os.update-MSUPrepareUpdate`.
 */
export function parseSnapshots(ran: Ran): DraftFact[] {
  const failed = failedEnd(ran);
  if (failed) return [{ kind: 'pending-restart', subject: 'host', state: 'failed', reason: failed }];
  const root = ran.exit === 0 ? (plistOf(ran.stdout) ?? undefined) : undefined;
  const list = isDict(root) ? root.Snapshots : undefined;
  const names = Array.isArray(list) ? list.map((s) => (isDict(s) ? words(s.SnapshotName) : null)).filter((n) => n !== null) : [];
  if (!names.some((n) => n.startsWith('com.apple.os.update-')))
    return [{ kind: 'pending-restart', subject: 'host', state: 'failed', reason: 'garbage' }];
  const pending = names.includes('com.apple.os.update-MSUPrepareUpdate');
  return [
    {
      kind: 'pending-restart',
      subject: 'host',
      state: 'seen',
      reading: { pending, reasons: pending ? ['staged-update'] : [], sinceS: null },
    },
  ];
}
