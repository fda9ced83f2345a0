import { draft, everywhere, type HostProbe } from '../probe.js';

/** The agent about itself: which system, which rights, how its outbox stands. */
export const agentSelf: HostProbe = {
  id: 'agent-self',
  kinds: ['agent-self'],
  cost: 'cheap',
  deadlineMs: 2_000,
  cadenceMs: 30_000,
  rows: everywhere({
    asks: ['self'],
    privilege: 'user',
    async ask(ctx) {
      const me = await ctx.machine.identity();
      return [draft.seen('agent-self', 'host', { ...me, agent: ctx.agent, outbox: ctx.outbox() })];
    },
  }),
};
