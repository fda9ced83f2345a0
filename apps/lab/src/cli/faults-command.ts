import { ruleOf } from '@lockstep/core/diagnosis';
import { FAULTS, type FaultRow } from '../phone/index.js';
import { type Command, EXIT, readFlags } from './command.js';

/** The cause a fault leads to; a cause that no rule names yet is shown as such, since the pair then reads unknown. */
function causeOf({ cause, seenBy }: FaultRow): string {
  if (cause === null) return '-';
  const how = seenBy === 'pairing' ? `${cause} once it is asked to pair` : cause;
  return ruleOf(cause) === undefined ? `${how} (no rule yet)` : how;
}

/** `lockstep-lab faults`: one line each, separated by tabs: name, cause, what it shows. */
export const faultsCommand: Command = {
  usage: '[--json]',
  summary: 'list every fault: name, cause it should lead to, what it shows on the wire',
  async run(args, io) {
    const { values } = readFlags(args, { json: { type: 'boolean' } });
    const rows = Object.entries(FAULTS) as [string, FaultRow][];
    if (values.json)
      io.out(
        JSON.stringify(
          rows.map(([fault, row]) => ({ fault, ...row, judged: row.cause !== null && ruleOf(row.cause) !== undefined })),
          null,
          2,
        ),
      );
    else for (const [fault, row] of rows) io.out([fault, causeOf(row), row.shows].join('\t'));
    return EXIT.ok;
  },
};
