import type { Os } from '../../machine/index.js';
import { type FixEnd, type FixTools, failed, refused, type Steps } from '../fix.js';
import { begin } from '../look.js';
import { openStoreApp } from '../mux/index.js';
import { type AppleStackLook, lookAtStack } from './apple-stack.js';
import { runInstaller } from './installer.js';

/**
 * Apple's order for removing its programs (support.apple.com, "Remove and reinstall iTunes and other software components"). Bonjour, which
 * stands there too, stays: printers and other programs use it.
 */
const ORDER = [
  'iTunes',
  'Apple Software Update',
  'Apple Mobile Device Support',
  'Apple Application Support (32-bit)',
  'Apple Application Support (64-bit)',
] as const;
/** What iCloud of Apple's installer needs as well. */
const SHARED: ReadonlySet<string> = new Set(
  ORDER.filter((n) => n.startsWith('Apple Application Support') || n === 'Apple Software Update'),
);

/** Windows Installer's ends (learn.microsoft.com, "MsiExec.exe error messages"): done; gone already; done with the next restart. */
const GOOD: ReadonlySet<number> = new Set([0, 1605, 3010, 1641]);
const RESTART: ReadonlySet<number> = new Set([3010, 1641]);
const BUSY = 1618;

/**
 * F25 on Windows: of two of Apple's stacks the one of the Store is kept, which Apple recommends, and the one of Apple's own installer is
 * removed by the product codes that were read a moment ago, in Apple's order, without a restart. Backups of both stay where they are:
 * uninstalling removes programs and no person's files. Apple Devices is opened then, since it serves the phones from now on.
 */
const onWindows: Steps = async (_order, tools) => {
  const look = await lookAtStack(tools);
  if (look === null) return refused('programs-unreadable');
  if (!look.classic || look.store === null) return refused('not-needed');
  if (look.open) return refused('program-open');
  const products = toRemove(look);
  if (typeof products === 'string') return refused(products);
  await begin('F25', null, tools);
  let restart = false;
  let removed = 0;
  for (const code of products) {
    const installed = await runInstaller(tools, 'program-uninstall', { product: code });
    if (installed.what !== 'ended' || !GOOD.has(installed.code)) {
      const word = installed.what === 'ended' ? (installed.code === BUSY ? 'installer-busy' : 'failed') : installed.word;
      // What is gone cannot be put back from here, and an uninstaller that was not heard of may go on.
      return removed === 0 && installed.what !== 'unsure' ? failed(`uninstall-${word}`) : half(word);
    }
    restart ||= RESTART.has(installed.code);
    removed++;
  }
  if (restart) return { mechanics: 'done', detail: 'restart-needed', facts: [] };
  const why = look.person ? await openIn(tools) : 'nobody-in-front';
  return { mechanics: 'done', detail: why === null ? 'one-stack' : 'one-stack-not-opened', facts: [] };
};

const half = (word: string): FixEnd => ({ mechanics: 'unknown', detail: `half-removed-${word}`, facts: [] });

async function openIn(tools: FixTools): Promise<string | null> {
  tools.progress('settling');
  return await openStoreApp(tools);
}

/** The product codes in Apple's order, or the word for why nothing is removed. All that brings the service has to be removable. */
function toRemove({ programs }: AppleStackLook): string[] | string {
  const shared = programs.some((p) => /^iCloud\b/.test(p.name) && p.code !== null);
  const codes: string[] = [];
  for (const name of ORDER) {
    if (shared && SHARED.has(name)) continue;
    for (const program of programs.filter((p) => p.name === name)) {
      if (program.code === null) return 'no-product-code';
      codes.push(program.code);
    }
  }
  return codes;
}

export const unmixStacks: Record<Os, Steps | 'unsupported'> = { linux: 'unsupported', macos: 'unsupported', windows: onWindows };
