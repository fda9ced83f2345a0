import { causeTitle } from '@lockstep/core/diagnosis';
import { fixWords } from '@lockstep/core/fixes';
import type { TicketEventView, TicketRow } from '@lockstep/core/protocol';
import { resultOf, type TicketPriority } from '@lockstep/core/tickets';
import type { MarkKind } from '../../ui/index.js';
import { WORDS } from './words.js';

const W = WORDS.story;

/** One entry of a ticket's story as it is told. */
export interface Told {
  words: string;
  /** Said by a person: shown as a text of its own. */
  comment: string | null;
  mark: MarkKind;
}

const VERDICT_MARK = { cured: 'ok', unchanged: 'degraded', worse: 'broken', waiting: 'waiting', unknown: 'unknown' } as const;

const priorityWord = (p: string | null) => (p !== null && p in WORDS.priority ? WORDS.priority[p as TicketPriority].word : (p ?? ''));

/** An entry in words. Only what the facts proved is marked good. */
export function told(e: TicketEventView): Told {
  const plain = (words: string, mark: MarkKind = 'not-needed'): Told => ({ words, comment: null, mark });
  switch (e.kind) {
    case 'filed':
      return plain(W.filed(causeTitle(e.to ?? '')), 'broken');
    case 'reopened':
      return plain(W.reopened(causeTitle(e.to ?? '')), 'broken');
    case 'cause':
      return plain(W.cause(causeTitle(e.from ?? ''), causeTitle(e.to ?? '')), 'broken');
    case 'priority':
      return plain(e.to === null ? W.priorityBack : W.priority(priorityWord(e.from), priorityWord(e.to)));
    case 'assignee':
      return plain(e.to === null ? W.assigneeNobody(e.from ?? '') : W.assignee(e.to, e.from));
    case 'closed':
      return e.text === null ? plain(W.closed, 'ok') : plain(W.closedByPerson(e.text), 'not-reached');
    case 'comment':
      return { words: '', comment: e.text ?? '', mark: 'not-needed' };
    case 'tried': {
      if (e.run === null) return plain('');
      const { fix, verdict, state } = e.run;
      const mark = state === 'judged' && verdict !== null ? VERDICT_MARK[verdict] : 'not-reached';
      return plain(W.tried(fixWords(fix).label, resultOf(e.run)), mark);
    }
  }
}

/** Who an entry is by, as shown: the server by the product's name, a run by whoever asked for it. */
export function byWords(e: TicketEventView): string {
  return e.kind !== 'tried' && e.by.kind === 'server' ? W.server : e.by.name;
}

/** Open, proven gone (it will close), or closed. */
export function stateOf(t: Pick<TicketRow, 'state' | 'goneAt'>): 'open' | 'gone' | 'closed' {
  return t.state === 'closed' ? 'closed' : t.goneAt === null ? 'open' : 'gone';
}
