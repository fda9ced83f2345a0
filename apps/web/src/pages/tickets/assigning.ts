import type { AssigneeView } from '@lockstep/core/protocol';
import type { TicketChange } from '../../live/index.js';
import { WORDS } from './words.js';

/** One row of the list of people. */
export interface Choice {
  value: string;
  label: string;
}

/** Values that are no person: nobody, and whoever has to be typed. */
export const NOBODY = '';
export const OTHER = '?';

const rowOf = (a: AssigneeView) => (a.personId === null ? `=${a.name}` : a.personId);

/** Whom a ticket may be given to: nobody, oneself, the others, whoever has it now, and somebody who has to be typed. */
export function choices(known: readonly AssigneeView[], now: AssigneeView | null, me: { id: string; name: string }): Choice[] {
  const others = known.filter((a) => a.personId !== me.id);
  const all = now === null || now.personId === me.id || others.some((a) => rowOf(a) === rowOf(now)) ? others : [now, ...others];
  return [
    { value: NOBODY, label: WORDS.tools.nobody },
    { value: me.id, label: WORDS.tools.me(me.name) },
    ...all.map((a) => ({ value: rowOf(a), label: a.name })),
    { value: OTHER, label: WORDS.tools.other },
  ];
}

/** The row that stands for whoever has the ticket. */
export const chosen = (now: AssigneeView | null): string => (now === null ? NOBODY : rowOf(now));

/** What is asked of the server for a row; undefined for the one that wants typing. */
export function assigneeOf(value: string): TicketChange['assignee'] {
  if (value === OTHER) return undefined;
  if (value === NOBODY) return null;
  return value.startsWith('=') ? { name: value.slice(1) } : { personId: value };
}
