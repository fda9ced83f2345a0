import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';

/** Reads `pmset -g batt`, which no language changes: `Now drawing from 'AC Power'`, and so on every Mac without a battery. */
export function parsePowerNow(ran: Ran): DraftFact[] {
  const failed = (reason: 'garbage' | NonNullable<Ran['failure']>): DraftFact[] => [
    { kind: 'power-source', subject: 'host', state: 'failed', reason },
  ];
  if (ran.failure !== null) return failed(ran.failure);
  const from = linesOf(ran.stdout).flatMap(({ line }) => /^Now drawing from '(AC|Battery|UPS) Power'/.exec(line)?.[1] ?? [])[0];
  return from === undefined
    ? failed('garbage')
    : [{ kind: 'power-source', subject: 'host', state: 'seen', reading: { mains: from === 'AC' } }];
}
