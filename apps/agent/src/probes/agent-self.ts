import type { HostProbe } from './probe.js';

/** The agent about itself: which system, which rights, how its outbox stands. */
export const agentSelf: HostProbe = {
  id: 'agent-self',
  kinds: ['agent-self'],
  deadlineMs: 2_000,
  cadenceMs: 10_000,
  async ask(ctx) {
    const me = await ctx.machine.identity();
    return [{ kind: 'agent-self', subject: 'host', state: 'seen', reading: { ...me, agent: ctx.agent, outbox: ctx.outbox() } }];
  },
};
