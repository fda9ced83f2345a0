import { z } from 'zod';
import { type Params, type ProxyRule, type Ran, readDocument, readPort, readProxyRules } from '../../machine/index.js';
import { type FixTools, failed, refused, type Steps } from '../fix.js';
import { restartWhicheverThereIs } from './restart-mux-windows.js';
import { serves } from './start-service.js';

const Rule = z.strictObject({ proxy: z.string(), listen: z.string().nullable(), target: z.string(), port: z.string() });
const Rules = z.array(Rule).min(1).max(16);

/**
 * F50 on Windows: takes away the port proxy's rules that stand in front of the multiplexer's port, exactly those that were just read, and
 * has Apple's program take its place again. What they were is kept, and written back at once when one of them cannot be removed. A program
 * that listens there by itself is somebody's: that is for people.
 */
export const freePort: Steps = async (_order, tools) => {
  const { ctx, cap, kept, signal } = tools;
  const rules = await rulesNow(tools);
  if (rules === null) return refused('rules-unreadable');
  if (rules.length === 0) {
    const listener = readDocument(await ctx.machine.run('windows-listener', signal));
    const port = listener.read ? readPort(listener.document) : null;
    if (!port?.read) return refused('port-unreadable');
    return refused(port.rows.some((r) => r.owner.apple === false) ? 'foreign-program' : 'not-needed');
  }

  const old = await kept.keep('port-proxy', Rules, rules);
  await cap.acts('F50', null);
  tools.progress('acting');
  for (const rule of rules) await remove(tools, rule);
  const left = await rulesNow(tools);
  if (left === null || left.length > 0) {
    // All or nothing: what was removed of them is written back.
    await kept.restore(old.id, Rules, async (all) => {
      for (const rule of all) if (left !== null && !left.some((l) => isSame(l, rule))) await writeBack(tools, rule);
    });
    return failed(left === null ? 'rules-unreadable' : 'rule-stays');
  }
  const why = await restartWhicheverThereIs(tools);
  tools.progress('settling');
  const end = await serves(tools);
  return why === null || end.mechanics === 'done' ? end : failed(why, end.facts);
};

async function rulesNow({ ctx, signal }: FixTools): Promise<ProxyRule[] | null> {
  const read = readDocument(await ctx.machine.run('windows-port-proxy', signal));
  const rules = read.read ? readProxyRules(read.document) : null;
  return rules?.read ? rules.rows : null;
}

const isSame = (a: ProxyRule, b: ProxyRule) => a.proxy === b.proxy && a.listen === b.listen;

/** Exactly the rule that was read: its way of forwarding, its address, its port. */
async function remove({ ctx, signal }: FixTools, { proxy, listen }: ProxyRule): Promise<Ran> {
  return listen === null
    ? await ctx.machine.run('port-proxy-delete-any', signal, { proxy })
    : await ctx.machine.run('port-proxy-delete', signal, { proxy, listen });
}

async function writeBack({ ctx }: FixTools, { proxy, listen, target, port }: ProxyRule): Promise<void> {
  const to: Params = { proxy, target, port };
  if (listen === null) await ctx.machine.run('port-proxy-add-any', undefined, to);
  else await ctx.machine.run('port-proxy-add', undefined, { ...to, listen });
}
