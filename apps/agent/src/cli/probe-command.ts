import { type Diagnosis, readingOf } from '@lockstep/core/diagnosis';
import { type Fact, printable } from '@lockstep/core/health';
import { AGENT_VERSION } from '../version.js';
import { noWords, readArguments } from './arguments.js';
import type { CommandContext } from './command.js';
import { lookNow } from './look.js';
import { exitCodeOf, type Verdicts } from './verdict.js';

/** `probe [--json] [--diagnose]`: every probe once. */
export async function probeCommand(argv: readonly string[], { terminal, machine }: CommandContext): Promise<number> {
  const { options, words } = readArguments(argv, { json: 'flag', diagnose: 'flag' });
  noWords(words);
  const { facts, verdicts } = await lookNow(machine(), (probe, error) =>
    terminal.talk(`${probe} died: ${error instanceof Error ? error.message : String(error)}\n`),
  );
  if (options.json) terminal.out(`${JSON.stringify(asJson(facts, options.diagnose ? verdicts : null), null, 2)}\n`);
  else {
    for (const fact of facts) terminal.out(`${factLine(fact)}\n`);
    if (options.diagnose) for (const line of verdictLines(verdicts)) terminal.out(`${line}\n`);
  }
  return exitCodeOf(verdicts);
}

/** The shape that scripts rely on. */
function asJson(facts: readonly Fact[], verdicts: Verdicts | null) {
  const self = facts.find((f) => f.kind === 'agent-self' && f.state === 'seen');
  const me = self?.state === 'seen' && self.kind === 'agent-self' ? self.reading : null;
  const host = {
    os: me?.os ?? null,
    version: me?.osVersion ?? null,
    hostname: me?.hostname ?? null,
    arch: me?.arch ?? null,
    privileged: me?.privileged ?? null,
    lab: me?.lab ?? null,
    ...(verdicts ? { health: verdicts.host.health, findings: findingsOf(verdicts.host, 'host') } : {}),
  };
  const pairs = verdicts?.pairs.map(({ udid, diagnosis }) => ({
    udid,
    presence: diagnosis.presence,
    health: diagnosis.health,
    primary: diagnosis.primary,
    findings: findingsOf(diagnosis, 'pair'),
  }));
  return { schema: 1, agent: AGENT_VERSION, host, facts, ...(pairs ? { pairs } : {}) };
}

/** Open findings of the scope: a host's finding is told once, with the host. */
function findingsOf(d: Diagnosis, scope: 'host' | 'pair') {
  return d.findings
    .filter((f) => f.state === 'open' && f.scope === scope)
    .map(({ cause, layer, confidence, health, evidence, explainedBy }) => ({ cause, layer, confidence, health, evidence, explainedBy }));
}

function factLine(fact: Fact): string {
  const about = fact.subject === 'host' ? 'host' : fact.subject.udid;
  const at = Date.parse(fact.at);
  const current = { ...fact, at, seenAt: at } as Parameters<typeof readingOf>[0];
  const name = fact.state === 'seen' && fact.kind === 'device-values' ? ` "${printable(fact.reading.name)}"` : '';
  return `${about}\t${fact.kind}\t${fact.state}\t${printable(readingOf(current))}${name}`;
}

function verdictLines(v: Verdicts): string[] {
  const line = (about: string, d: Diagnosis) => {
    const causes = d.findings.filter((f) => f.state === 'open').map((f) => `${f.cause} (${Math.round(f.confidence * 100)}%)`);
    return `${about}\t${about === 'host' ? '-' : d.presence}\t${d.health}\t${causes.join(', ') || '-'}`;
  };
  return ['', line('host', v.host), ...v.pairs.map((p) => line(p.udid, p.diagnosis))];
}
