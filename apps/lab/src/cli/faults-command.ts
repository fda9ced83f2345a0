import { ruleOf } from '@lockstep/core/diagnosis';
import { HOST_FAULTS, type HostFaultRow } from '../computer/index.js';
import { FAULTS, type FaultRow } from '../phone/index.js';
import { type Command, EXIT, readFlags } from './command.js';

/** The cause a fault leads to; a cause that no rule names yet is shown as such, since the pair then reads unknown. */
function causeOf({ cause, seenBy }: FaultRow): string {
  if (cause === null) return '-';
  const how = seenBy === 'pairing' ? `${cause} once it is asked to pair` : cause;
  return ruleOf(cause) === undefined ? `${how} (no rule yet)` : how;
}

/** Beside which systems a computer's trouble can be had on. */
function ofComputer({ on, shows }: HostFaultRow): string {
  return `${shows} (${on.join(', ')})`;
}

/** `lockstep-lab faults`: first those of phones and multiplexers, then those of whole computers; one line each, separated by tabs: name, cause, what it shows. */
export const faultsCommand: Command = {
  usage: '[--json]',
  summary: 'list every fault: name, cause it should lead to, what it shows on the wire or to the tools of a computer',
  async run(args, io) {
    const { values } = readFlags(args, { json: { type: 'boolean' } });
    const rows = Object.entries(FAULTS) as [string, FaultRow][];
    const hosts = Object.entries(HOST_FAULTS) as [string, HostFaultRow][];
    if (values.json)
      io.out(
        JSON.stringify(
          [
            ...rows.map(([fault, row]) => ({ fault, ...row, judged: row.cause !== null && ruleOf(row.cause) !== undefined })),
            ...hosts.map(([fault, { on, shows, cause, told }]) => ({
              fault,
              place: 'computer',
              on,
              shows,
              cause,
              told,
              seenBy: 'looking',
              judged: ruleOf(cause) !== undefined,
            })),
          ],
          null,
          2,
        ),
      );
    else {
      for (const [fault, row] of rows) io.out([fault, causeOf(row), row.shows].join('\t'));
      for (const [fault, row] of hosts) io.out([fault, row.cause, ofComputer(row)].join('\t'));
    }
    return EXIT.ok;
  },
};
