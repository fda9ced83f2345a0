import { draft, everywhere, type HostProbe } from '../probe.js';

/** What the agent allows itself now. Not watched (a single look from the command line): nothing is limited, and nothing is claimed. */
export const agentLimits: HostProbe = {
  id: 'agent-limits',
  kinds: ['agent-limits'],
  cost: 'cheap',
  cadenceMs: 30_000,
  deadlineMs: 2_000,
  rows: everywhere({
    asks: ['self'],
    privilege: 'user',
    ask: async (ctx) => [
      ctx.limits ? draft.seen('agent-limits', 'host', ctx.limits()) : draft.failed('agent-limits', 'host', 'unsupported'),
    ],
  }),
};
