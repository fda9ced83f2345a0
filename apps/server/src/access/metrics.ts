import type { Metrics } from '../platform/index.js';
import { type Sessions, SIGN_IN_REFUSALS } from './sessions.js';

/** The room's numbers. */
export function measureAccess(metrics: Metrics, sessions: Pick<Sessions, 'refused'>): void {
  const refused = metrics.counter('lockstep_sign_ins_refused_total', 'Sign-ins of people that were refused, by reason', {
    reason: SIGN_IN_REFUSALS,
  });
  sessions.refused = (reason) => refused.add({ reason });
}
