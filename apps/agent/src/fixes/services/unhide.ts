import { z } from 'zod';
import type { CommandId, Os } from '../../machine/index.js';
import { type FixEnd, type FixTools, failed, refused, type Steps } from '../fix.js';
import { begin, lookAt, ranWell, seenIn } from '../look.js';
import { FolderUnsafe } from '../private-folder.js';
import { type AgentNow, agentsNow, letGoOn, startAnew } from './agents.js';

/** Preferences that hide phones, by domain and key, each with what takes it away and what writes it back. */
const HIDING: Readonly<Record<string, { remove: CommandId; write: CommandId }>> = {
  'NSGlobalDomain ignore-devices': { remove: 'hide-everywhere-delete', write: 'hide-everywhere-write' },
  'com.apple.iTunesHelper ignore-devices': { remove: 'hide-helper-delete', write: 'hide-helper-write' },
  'com.apple.AMPDeviceDiscoveryAgent ignore-devices': { remove: 'hide-discovery-delete', write: 'hide-discovery-write' },
  'com.apple.AMPDeviceDiscoveryAgent reveal-devices': { remove: 'hide-reveal-delete', write: 'hide-reveal-write' },
};

/** What was there before, kept before it is changed: keys that hid phones, and labels that were switched off. */
export const HIDDEN_KEPT_AS = 'hidden-phones';
export const Hidden = z.strictObject({ preferences: z.array(z.string().max(200)).max(8), disabled: z.array(z.string().max(200)).max(8) });

/**
 * F18 on macOS: preferences that hide phones are taken away as the person whose they are, agents that were switched off are switched on, and
 * what is held stopped goes on. What was there is kept first and put back when a step fails. What a profile sets cannot be taken away here:
 * that is for IT.
 */
const onMacos: Steps = async (_order, tools) => {
  const now = await agentsNow(tools);
  if (!now.there) return refused(now.word);
  const looked = await lookAt('hiding-preferences', tools);
  const found = seenIn(looked.fact);
  if (!found) return refused('preferences-unreadable', looked.facts);
  const managed = found.preferences.some((p) => p.managed);
  const own = found.preferences.filter((p) => !p.managed).map((p) => `${p.domain} ${p.key}`);
  // A profile's value wins over the person's own: taking that one away as well would show nothing.
  const keys = own.filter((k) => Object.hasOwn(HIDING, k));
  const disabled = now.agents.filter((a) => a.disabled);
  const held = [...now.agents.flatMap((a) => (a.held && a.pid !== null ? [a.pid] : [])), ...now.heldMux];
  if (keys.length + disabled.length + held.length === 0)
    return refused(managed ? 'set-by-profile' : own.length > 0 ? 'unknown-preference' : 'not-needed', looked.facts);
  // `defaults` is run as that person by whoever may become that person.
  if (keys.length > 0 && !(await tools.ctx.machine.identity()).privileged) return refused('not-privileged', looked.facts);
  let kept: string;
  try {
    kept = (await tools.kept.keep(HIDDEN_KEPT_AS, Hidden, { preferences: keys, disabled: disabled.map((a) => a.label) })).id;
  } catch (e) {
    if (e instanceof FolderUnsafe) return refused(`kept-${e.why}`);
    if (typeof (e as NodeJS.ErrnoException).code === 'string') return refused('copy-not-written');
    throw e;
  }
  await begin('F18', null, tools);
  const why = await unhide(tools, now.person.uid, keys, disabled, held);
  if (why !== null) return await putBack(tools, now.person.uid, kept, now.agents, why);
  // What shows phones reads its preferences when it starts; it syncs nothing, so nothing is interrupted.
  const shows =
    keys.length > 0 ? now.agents.find((a) => a.label === 'com.apple.AMPDeviceDiscoveryAgent' && !a.missing && !a.disabled) : undefined;
  const anew = shows ? await startAnew(tools, now.person.uid, shows) : null;
  const did = managed ? 'rest-set-by-profile' : 'shown-again';
  return { mechanics: 'done', detail: anew === null ? did : `${did}-from-next-sign-in`, facts: [] };
};

async function unhide(
  { ctx, signal, ...rest }: FixTools,
  uid: string,
  keys: readonly string[],
  disabled: readonly AgentNow[],
  held: readonly number[],
): Promise<string | null> {
  for (const pid of held) {
    const why = await letGoOn({ ctx, signal, ...rest }, pid);
    if (why !== null) return why;
  }
  for (const key of keys) {
    const row = HIDING[key];
    if (row && !ranWell(await ctx.machine.run(row.remove, signal, { uid }))) return 'preference-stays';
  }
  for (const { commands } of disabled) {
    if (!ranWell(await ctx.machine.run(commands.enable, signal, { uid }))) return 'agent-stays-disabled';
    // Refused where the session knows it already (EALREADY and the like): the start below shows whether it does.
    await ctx.machine.run(commands.load, signal, { uid });
    await ctx.machine.run(commands.start, signal, { uid });
  }
  return null;
}

/** Writes back everything that was kept. Its own time: what made the fix fail must not keep this from being put back. */
async function putBack({ ctx, kept }: FixTools, uid: string, id: string, agents: readonly AgentNow[], why: string): Promise<FixEnd> {
  let whole = true;
  await kept
    .restore(id, Hidden, async (old) => {
      for (const key of old.preferences) {
        const row = HIDING[key];
        if (row) whole = ranWell(await ctx.machine.run(row.write, undefined, { uid })) && whole;
      }
      for (const { label, commands } of agents)
        if (old.disabled.includes(label)) whole = ranWell(await ctx.machine.run(commands.disable, undefined, { uid })) && whole;
      // It stays kept for somebody to write it back by hand.
      if (!whole) throw new PutBackFailed();
    })
    .catch((e: unknown) => {
      if (!(e instanceof PutBackFailed)) throw e;
    });
  return whole ? failed(why) : { mechanics: 'unknown', detail: `${why}-not-put-back`, facts: [] };
}

class PutBackFailed extends Error {}

/** Windows hides no phones by preferences, and a service that is off is F09's. */
export const unhidePhones: Record<Os, Steps | 'unsupported'> = { linux: 'unsupported', macos: onMacos, windows: 'unsupported' };
