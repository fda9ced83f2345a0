import { type Journal, type Machine, readJournal } from '../../machine/index.js';

/**
 * What a command of the journal says. An empty answer is "nothing happened" only where there is a journal: without one the tool says the
 * same, and ends well.
 */
export async function journalOf(
  machine: Machine,
  id: 'journal-kernel' | 'journal-usbmuxd' | 'journal-resume',
  signal: AbortSignal,
): Promise<Journal> {
  const ran = await machine.run(id, signal);
  // Older tools end with 1 when nothing matches.
  const nothing = ran.exit === 1 && ran.failure === null && ran.stdout.trim() === '' && ran.stderr.trim() === '';
  const journal = nothing ? { read: true as const, entries: [] } : readJournal(ran);
  if (!journal.read || journal.entries.length > 0) return journal;
  const any = readJournal(await machine.run('journal-any', signal));
  if (!any.read) return any;
  return any.entries.length > 0 ? journal : { read: false, reason: 'unreachable' };
}
