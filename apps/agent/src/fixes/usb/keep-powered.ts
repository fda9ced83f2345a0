import { z } from 'zod';
import { ChangeFailed, PARAMS, type Ran, ReadFailed, readBlocks, readDocument, readPhoneNodes, readSuspend } from '../../machine/index.js';
import { surveyHost } from '../../probes/index.js';
import { type FixTools, failed, refused, type Steps } from '../fix.js';
import { readingOf } from '../readings.js';

/** CM_PROB_DISABLED. Code 29, disabled in the computer's firmware, nobody but its owner can change. */
const DISABLED = 22;

const Suspend = z.strictObject({ mains: z.int().min(0).max(1), battery: z.int().min(0).max(1) });
type Suspend = z.infer<typeof Suspend>;

/**
 * F07 on Windows: enables phones' devices that somebody disabled; where there are none, has the power plan in use keep idle USB ports on.
 * Both at once would change more than is wrong. Refused while a policy keeps phones out: then it was the administrator. The plan's old
 * values are kept, and written back at once when the new ones cannot be set whole.
 */
export const keepPoweredWindows: Steps = async (_order, tools) => {
  const { ctx, signal } = tools;
  const now = readDocument(await ctx.machine.run('windows-now', signal));
  const nodes = now.read ? readPhoneNodes(now.document) : null;
  if (!nodes?.read) return refused('bus-unreadable');
  const policy = readDocument(await ctx.machine.run('windows-drivers', signal));
  const blocks = policy.read ? readBlocks(policy.document) : null;
  if (!blocks?.read) return refused('policy-unreadable');
  if (blocks.rows.some((b) => b.covers !== 'unknown')) return refused('kept-out-by-policy');
  const off = nodes.rows.flatMap((n) => [n.device, ...(n.mux ? [n.mux] : [])]).filter((n) => n.code === DISABLED);
  if (off.length > 0)
    return await enable(
      tools,
      off.map((n) => n.instance),
    );
  return await keepPortsOn(tools);
};

async function enable(tools: FixTools, instances: readonly string[]) {
  const { ctx, cap, signal } = tools;
  if (!instances.every((i) => PARAMS.instance(i))) return refused('instance-unreadable');
  await cap.acts('F07', null);
  tools.progress('acting');
  for (const instance of instances) {
    const ran = await ctx.machine.run('device-enable', signal, { instance });
    if (!isDone(ran)) return failed('enable-failed');
  }
  return { mechanics: 'done' as const, detail: 'enabled', facts: [] };
}

async function keepPortsOn(tools: FixTools) {
  const { ctx, cap, kept, signal } = tools;
  const old = readSuspend(await ctx.machine.run('suspend-query', signal));
  if (old === null) return refused('power-plan-unreadable');
  if (old.mains === 0 && old.battery === 0) return refused('not-needed');
  const copy = await kept.keep('usb-suspend', Suspend, { mains: old.mains === 0 ? 0 : 1, battery: old.battery === 0 ? 0 : 1 });
  await cap.acts('F07', null);
  tools.progress('acting');
  if (await setSuspend(tools, { mains: 0, battery: 0 }, signal)) return { mechanics: 'done' as const, detail: 'ports-kept-on', facts: [] };
  let back = false;
  await kept
    .restore(copy.id, Suspend, async (values) => {
      back = await setSuspend(tools, values);
      if (!back) throw new RangeError('not written back');
    })
    .catch((e: unknown) => {
      // It stays kept, for whoever puts it right.
      if (!(e instanceof RangeError)) throw e;
    });
  return failed(back ? 'not-set' : 'half-set');
}

/** Whether both values were written and took effect. */
async function setSuspend({ ctx }: FixTools, values: Suspend, signal?: AbortSignal): Promise<boolean> {
  const mains = await ctx.machine.run('suspend-on-mains', signal, { onOff: String(values.mains) });
  const battery = await ctx.machine.run('suspend-on-battery', signal, { onOff: String(values.battery) });
  const applied = await ctx.machine.run('suspend-apply', signal);
  return isDone(mains) && isDone(battery) && isDone(applied);
}

const isDone = (ran: Ran) => ran.failure === null && ran.exit === 0;

const Control = z.array(z.strictObject({ device: z.string(), udid: z.string(), control: z.literal('auto') })).min(1);

/**
 * F07 on Linux: has the kernel keep phones on the bus awake (`power/control` is `on`). It holds until a phone is unplugged: what is plugged
 * in anew is set by the distribution's own rules again. The old values are kept.
 */
export const keepPoweredLinux: Steps = async (_order, tools) => {
  const { ctx, cap, kept, signal } = tools;
  const survey = await surveyHost(ctx, [], signal);
  const phones = readingOf(survey.facts, 'usb-bus')?.devices.filter((d) => d.mode === 'normal' && d.udid !== null);
  if (!phones) return refused('bus-unreadable', survey.facts);
  const asleep: z.infer<typeof Control> = [];
  for (const { location, udid } of phones) {
    try {
      const control = (await ctx.machine.sysfs.readText(`bus/usb/devices/${location}/power/control`)).trim();
      if (control === 'auto' && udid !== null) asleep.push({ device: location, udid, control });
    } catch (e) {
      if (!(e instanceof ReadFailed)) throw e;
    }
  }
  if (asleep.length === 0) return refused('not-needed', survey.facts);
  await kept.keep('usb-power-control', Control, asleep);
  await cap.acts('F07', null);
  tools.progress('acting');
  const set: string[] = [];
  try {
    for (const { device } of asleep) {
      await ctx.machine.changes.setUsbSwitch('power', device, 'on');
      set.push(device);
    }
  } catch (e) {
    if (!(e instanceof ChangeFailed)) throw e;
    for (const device of set) await ctx.machine.changes.setUsbSwitch('power', device, 'auto');
    return failed(`switch-${e.reason}`);
  }
  return { mechanics: 'done', detail: 'kept-awake', facts: [] };
};
