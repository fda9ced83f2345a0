import { all, any, not } from '../tri.js';
import { type Rule, rule } from './rule.js';

/**
 * The phone refused and no row says why: a new word of a newer iOS, somebody else's certificate. It names nothing, so it is never claimed; it
 * only says that the evidence is worth collecting. Anything surer than a coin's toss explains it.
 */
export function unknownRule(others: readonly Rule[]): Rule {
  return rule({
    id: 'C99',
    name: 'UNKNOWN',
    scope: 'pair',
    layer: 'services',
    health: 'unknown',
    holds: (ask) => any(all(ask('session.read'), not(ask('session.accepted'))), ask('service.refused')),
    gone: (ask) => all(ask('session.accepted'), ask('service.started')),
    explainedBy: [...new Set(others.filter((r) => r.health !== 'advisory').map((r) => r.id))],
    explainedFrom: 0.500_001,
    unlessExplained: true,
    // Refusals that pass by themselves are none.
    patienceMs: 60_000,
    confidence: 0.4,
    last: true,
    evidence: ['session.accepted', 'service.refused', 'lockdown.answers'],
    fixes: ['F48'],
    waitsFor: 'it',
  });
}
