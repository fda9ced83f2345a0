import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { failedEnd, readJournal } from './journal.js';

/** When the computer woke last, ms; null: not since it started. Undefined: the journal does not tell. */
function resumedAt(ran: Ran): number | null | undefined {
  // Older journalctl ends with 1 when nothing matches.
  const nothing = ran.exit === 1 && ran.stdout.trim() === '' && failedEnd(ran) === null && ran.stderr.trim() === '';
  if (nothing) return null;
  const journal = readJournal(ran);
  if (!journal.read) return undefined;
  return journal.entries.at(-1)?.at ?? null;
}

/** The fact in the journal's resume entries alone; when the computer started stands elsewhere. */
export function parseResume(ran: Ran): DraftFact[] {
  const at = resumedAt(ran);
  if (at === undefined) {
    const journal = readJournal(ran);
    return [{ kind: 'power-events', subject: 'host', state: 'failed', reason: journal.read ? 'garbage' : journal.reason }];
  }
  const reading = { resumedAt: at === null ? null : new Date(at).toISOString(), startedAt: null };
  return [{ kind: 'power-events', subject: 'host', state: 'seen', reading }];
}
