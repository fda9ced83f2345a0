import type { Reading } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { failedEnd } from './journal.js';

type Pending = Reading<'pending-restart'>;

/**
 * Reads `needs-restarting -r` of dnf-utils (needs-restarting(1)): it ends with 0 when no restart is needed and with 1 when one is, and names
 * the packages that were updated since the computer started.
 */
export function parseNeedsRestarting(ran: Ran): DraftFact[] {
  const fact = (state: Pending | NonNullable<Ran['failure']>): DraftFact[] =>
    typeof state === 'string'
      ? [{ kind: 'pending-restart', subject: 'host', state: 'failed', reason: state }]
      : [{ kind: 'pending-restart', subject: 'host', state: 'seen', reading: state }];
  const failed = failedEnd(ran);
  if (failed) return fact(failed);
  if (ran.exit === 0) return fact({ pending: false, reasons: [], sinceS: null });
  const said = `${ran.stdout}\n${ran.stderr}`;
  if (ran.exit !== 1 || !/reboot is required|core libraries or services have been updated/i.test(said)) return fact('garbage');
  return fact({ pending: true, reasons: [/\bkernel\b/i.test(said) ? 'kernel' : 'installer'], sinceS: null });
}

/** Which packages want the restart, from Debian's /run/reboot-required.pkgs: one name a line. */
export function restartReasons(packages: string): Pending['reasons'] {
  const names = linesOf(packages).map((l) => l.line.trim());
  const kernel = names.some((n) => /^(linux-|kernel)/.test(n));
  const other = names.some((n) => n !== '' && !/^(linux-|kernel)/.test(n));
  return [...(kernel ? (['kernel'] as const) : []), ...(other || names.length === 0 ? (['installer'] as const) : [])];
}
