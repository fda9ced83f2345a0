import { commentLines, HOSTS_MARK, HostsNotWritten, type Os, ReadFailed } from '../../machine/index.js';
import { type FixTools, failed, refused, type Steps } from '../fix.js';
import { NotKept } from '../kept.js';
import { begin } from '../look.js';
import { FolderUnsafe } from '../private-folder.js';
import { flushNames } from './wake-names.js';

/** What the copy is kept under. */
const KEPT_AS = 'hosts';
/** Names of Apple's servers, by whole labels: `gs.apple.com` is one, `pineapple.com` is not. */
const APPLE = /(^|\.)(apple|icloud)\.com$/;

/** Whom a line of the hosts file is about: its names without the address and the comment; none for a line that sends nobody anywhere. */
export function namesIn(line: string): string[] {
  const [address, ...names] = (line.split('#')[0] ?? '').trim().toLowerCase().split(/\s+/);
  return address ? names.map((n) => n.replace(/\.$/, '')) : [];
}

/** Every name of it is Apple's: a line that names others too is somebody's own and stays. */
export function isApples(line: string): boolean {
  const names = namesIn(line);
  return names.length > 0 && names.every((n) => APPLE.test(n));
}

/**
 * F35: lines of the hosts file that send Apple's names elsewhere are commented out, and nothing else about it is changed. A copy is on disk
 * first. Lines that are back after this fix took them out come from a program or a policy: that is for IT, and they are left.
 */
const clear: Steps = async (_order, tools) => {
  const { ctx, kept } = tools;
  let old: Uint8Array;
  try {
    old = await ctx.machine.readBytes('hosts');
  } catch (e) {
    if (e instanceof ReadFailed) return refused(`hosts-${e.reason}`);
    throw e;
  }
  const { bytes, lines } = commentLines(old, isApples);
  if (lines === 0) return refused(hasApples(old) ? 'only-mixed-lines' : 'not-needed');
  if (await cameBack(old, tools)) return refused('came-back');
  let copy: string;
  try {
    copy = (await kept.keepFile(KEPT_AS, old)).id;
  } catch (e) {
    if (e instanceof FolderUnsafe) return refused(`kept-${e.why}`);
    if (typeof (e as NodeJS.ErrnoException).code === 'string') return refused('copy-not-written');
    throw e;
  }
  try {
    await begin('F35', null, tools);
    await ctx.machine.changes.writeHosts(old, bytes);
  } catch (e) {
    await kept.forget(copy);
    if (e instanceof HostsNotWritten) return failed(`hosts-${e.why}`);
    throw e;
  }
  const flush = await flushNames(tools);
  const rest = hasApples(bytes) ? 'mixed-lines-left' : 'lines-commented';
  return { mechanics: 'done', detail: flush === null ? rest : `${rest}-not-flushed`, facts: [] };
};

/** Some line that is in force names Apple's servers. */
function hasApples(bytes: Uint8Array): boolean {
  return linesOfBytes(bytes).some((line) => namesIn(line).some((n) => APPLE.test(n)));
}

/** A line that would be taken out now was taken out before, as an earlier copy shows. */
async function cameBack(now: Uint8Array, { kept }: FixTools): Promise<boolean> {
  const lines = new Set(
    linesOfBytes(now)
      .filter(isApples)
      .map((l) => l.trim()),
  );
  for (const { id } of await kept.list(KEPT_AS)) {
    try {
      if (linesOfBytes(await kept.file(id)).some((l) => isApples(l) && lines.has(l.trim()))) return true;
    } catch (e) {
      if (!(e instanceof NotKept)) throw e;
    }
  }
  return false;
}

function linesOfBytes(bytes: Uint8Array): string[] {
  return Buffer.from(bytes)
    .toString('latin1')
    .split(/\r?\n/)
    .filter((l) => !l.startsWith(HOSTS_MARK));
}

export const clearHosts: Record<Os, Steps> = { linux: clear, macos: clear, windows: clear };
