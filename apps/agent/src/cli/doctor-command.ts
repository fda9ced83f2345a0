import { causeWords, type Diagnosis, type Rung } from '@lockstep/core/diagnosis';
import { printable } from '@lockstep/core/health';
import { formatMuxAddress, type Machine, type MachineIdentity } from '../machine/index.js';
import { AGENT_VERSION } from '../version.js';
import { noWords, readArguments } from './arguments.js';
import type { CommandContext } from './command.js';
import { lookNow } from './look.js';
import { exitCodeOf, type Verdicts } from './verdict.js';

const MARKS: Record<Rung['state'], string> = {
  ok: 'ok',
  broken: 'BROKEN',
  waiting: 'WAITING',
  degraded: 'degraded',
  unknown: 'unknown',
  'not-reached': 'not reached',
  'not-needed': 'not needed',
};

/** `doctor [--json]`: the ladder of every attached phone, for a person. Looks only; it never asks a phone to pair. */
export async function doctorCommand(argv: readonly string[], { terminal, machine: open }: CommandContext): Promise<number> {
  const { options, words } = readArguments(argv, { json: 'flag' });
  noWords(words);
  const machine = open();
  const me = await machine.identity();
  const { verdicts } = await lookNow(machine, (probe, error) =>
    terminal.talk(`${probe} died: ${error instanceof Error ? error.message : String(error)}\n`),
  );
  const code = exitCodeOf(verdicts);
  terminal.out(
    options.json ? `${JSON.stringify(asJson(me, verdicts), null, 2)}\n` : `${(await asText(machine, me, verdicts)).join('\n')}\n`,
  );
  return code;
}

function asJson(me: MachineIdentity, v: Verdicts) {
  const told = (d: Diagnosis, scope: 'host' | 'pair') => ({
    health: d.health,
    primary: d.primary,
    findings: d.findings.filter((f) => f.state === 'open' && f.scope === scope).map(({ frozen: _f, state: _s, ...f }) => f),
  });
  return {
    schema: 1,
    agent: AGENT_VERSION,
    host: {
      os: me.os,
      version: me.osVersion,
      hostname: me.hostname,
      arch: me.arch,
      privileged: me.privileged,
      lab: me.lab,
      ...told(v.host, 'host'),
    },
    pairs: v.pairs.map(({ udid, name, diagnosis: d }) => ({ udid, name, presence: d.presence, ...told(d, 'pair'), rungs: d.rungs })),
  };
}

async function asText(machine: Machine, me: MachineIdentity, v: Verdicts): Promise<string[]> {
  const lines = [
    `${printable(me.hostname)}: ${printable(me.osVersion)}, agent ${AGENT_VERSION}${me.privileged ? '' : ', without administrator rights'}`,
  ];
  if (me.lab)
    lines.push(
      `LAB: guards are relaxed (LOCKSTEP_LAB=1); the multiplexer is ${printable(formatMuxAddress(machine.muxAddress))}${await listenerNote(machine)}.`,
    );
  const hostwide = v.host.findings.filter((f) => f.state === 'open');
  for (const f of hostwide) lines.push('', ...causeLines(f.cause, f.confidence));
  const attached = v.pairs.filter((p) => p.diagnosis.presence === 'attached');
  if (attached.length === 0)
    lines.push('', v.host.health === 'unknown' ? 'Whether a phone is plugged in could not be told.' : 'No phone is plugged in.');
  for (const { udid, name, diagnosis } of attached) {
    lines.push('', `${name === null ? 'A phone' : printable(name)}  ${udid}  ${diagnosis.health}`);
    for (const rung of diagnosis.rungs) lines.push(rungLine(rung));
    const own = diagnosis.findings.filter(
      (f) => f.state === 'open' && f.explainedBy === null && f.health !== 'advisory' && f.scope === 'pair',
    );
    for (const f of own) lines.push(...causeLines(f.cause, f.confidence).map((l) => `  ${l}`));
  }
  return lines;
}

async function listenerNote(machine: Machine): Promise<string> {
  const proof = await machine.provesMuxListener();
  if (!proof.proven) return `, who listens there is not proven (${proof.why})`;
  return proof.relaxed ? ', who listens there counts as proven only because this is a lab' : '';
}

function rungLine({ layer, state, reading }: Rung): string {
  return `  ${layer.padEnd(9)} ${MARKS[state].padEnd(11)} ${printable(reading)}`.trimEnd();
}

function causeLines(cause: string, confidence: number): string[] {
  const w = causeWords(cause);
  return [`${cause} ${w.title} (${Math.round(confidence * 100)}% sure): ${w.plain}`, `     ${w.next}`];
}
