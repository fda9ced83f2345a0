import type { FileStat } from '../../../machine/index.js';
import { type Asking, draft, type Row } from '../../probe.js';
import { orNull } from './person.js';

/** `_usbmuxd`, Apple's own account for the daemon: its number is the same on every Mac. */
export const MAC_MUX_ACCOUNT = 213;

/** `recordsIn`: what every system says of the records themselves. */
type RecordsIn = (
  ctx: Asking,
  signal: AbortSignal,
) => Promise<{
  freeBytes: number | null;
  records: number | null;
  otherBuid: number | null;
  identityAt: string | null;
}>;

/**
 * /var/db/lockdown belongs to the daemon's account and is closed to everybody else. Whoever lacks Full Disk Access is refused, root among
 * them: then nothing is known.
 */
export const recordStoreRow = (recordsIn: RecordsIn): Row => ({
  asks: ['record-folder', 'record-files', 'record-space', 'mux'],
  privilege: 'admin',
  async ask(ctx, signal) {
    const folder = await orNull(ctx.machine.stat('record-folder'));
    if (folder === null) return [draft.absent('record-store', 'host')];
    return [
      draft.seen('record-store', 'host', {
        // Flags (chflags uchg) do not show here: what is not plainly closed to the daemon is open to it as far as one can see.
        writable: folder.kind === 'folder' && mayWrite(folder),
        asShipped: folder.kind === 'folder' && folder.uid === MAC_MUX_ACCOUNT && (folder.mode & 0o077) === 0,
        ...(await recordsIn(ctx, signal)),
      }),
    ];
  },
});

function mayWrite(folder: FileStat): boolean {
  if (folder.uid === MAC_MUX_ACCOUNT) return (folder.mode & 0o300) === 0o300;
  if (folder.gid === MAC_MUX_ACCOUNT) return (folder.mode & 0o030) === 0o030;
  return (folder.mode & 0o003) === 0o003;
}
