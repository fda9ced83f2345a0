import type { Udid } from '@lockstep/core/health';
import { normaliseUdid } from '@lockstep/core/health';
import { z } from 'zod';
import { ChangeFailed, type Machine, PARAMS, type Ran, ReadFailed, readDocument, readPhoneNodes } from '../../machine/index.js';
import { pause, surveyHost } from '../../probes/index.js';
import { type FixEnd, type FixTools, failed, refused, type Steps } from '../fix.js';
import { readingOf } from '../readings.js';
import { type PutBack, rollbackKind } from '../rollbacks.js';

/** How long the device stays off, in looks: two seconds, so that nothing takes the going and coming for one. */
const OFF_LOOKS = 2;
/** A device that is off is switched on again after this at the latest, whatever becomes of the agent, ms. */
const LEFT_OFF_MS = 15_000;

/**
 * F05 on Linux: takes the phone off the bus and back by the kernel's own switch (`authorized`, as usbguard uses it). Refused for a phone
 * that is kept out by it now: that is somebody's policy. Switching on is armed before switching off, so a crash in between leaves no phone off.
 */
export const recycleDeviceLinux: Steps = async ({ udid }, tools) => {
  const { ctx, cap, rollbacks, waits, signal } = tools;
  if (udid === null) return refused('bad-parameters');
  const before = await surveyHost(ctx, [udid], signal);
  const device = readingOf(before.facts, 'usb-bus')?.devices.find((d) => d.udid === udid && d.mode === 'normal');
  if (!device) return refused('not-on-usb', before.facts);
  if (device.authorized === false) return refused('kept-out-by-policy', before.facts);

  await cap.acts('F05', udid);
  tools.progress('acting');
  const armed = await rollbacks.arm('usb-authorized', 'F05', { device: device.location, udid }, LEFT_OFF_MS);
  try {
    await ctx.machine.changes.setUsbSwitch('authorized', device.location, '0');
  } catch (e) {
    if (!(e instanceof ChangeFailed)) throw e;
    await rollbacks.disarm(armed);
    return failed(`switch-${e.reason}`);
  }
  // Called off or not, it is switched on again.
  await pause(waits.look * OFF_LOOKS, signal).catch(() => {});
  if (!isBack(await rollbacks.carryOut(armed))) return failed('left-off');
  tools.progress('settling');
  return await comesBack(tools, udid, device.attachId ?? null);
};

const isBack = (end: PutBack) => end === 'restored' || end === 'already' || end === 'gone';

const Switched = z.strictObject({ device: z.string(), udid: z.string() });

/** Switches a phone on again that this fix switched off; another device at its place, or none, is left. */
export const switchedOff = rollbackKind(Switched, async (machine, { device, udid }): Promise<PutBack> => {
  const read = async (file: string) => (await machine.sysfs.readText(`bus/usb/devices/${device}/${file}`)).trim();
  try {
    if (normaliseUdid(await read('serial')) !== udid) return 'gone';
    if ((await read('authorized')) !== '0') return 'already';
    await machine.changes.setUsbSwitch('authorized', device, '1');
    return (await read('authorized')) === '0' ? 'failed' : 'restored';
  } catch (e) {
    if (e instanceof ReadFailed) return e.reason === 'missing' ? 'gone' : 'failed';
    if (e instanceof ChangeFailed) return e.reason === 'missing' || e.reason === 'not-a-phone' ? 'gone' : 'failed';
    throw e;
  }
});

/** ERROR_SUCCESS_REBOOT_REQUIRED (winerror.h): done, and finished at the next restart of the computer. */
const NEEDS_RESTART = 3010;

/**
 * F05 on Windows: restarts the phone's composite device. Where Windows cannot (before 10 version 2004, or a driver that holds on), it is
 * disabled and enabled, and enabling is armed first. Refused for a device that is disabled now: that was an administrator.
 */
export const recycleDeviceWindows: Steps = async ({ udid }, tools) => {
  const { ctx, cap, signal } = tools;
  if (udid === null) return refused('bad-parameters');
  const found = await phoneNode(ctx.machine, udid, signal);
  if (found === null) return refused('bus-unreadable');
  if (found === 'gone') return refused('not-on-usb');
  if (found.code === DISABLED || found.muxCode === DISABLED) return refused('disabled-by-admin');
  if (!PARAMS.instance(found.instance)) return refused('instance-unreadable');
  const before = readingOf((await surveyHost(ctx, [udid], signal)).facts, 'usb-device', udid)?.attachId ?? null;

  await cap.acts('F05', udid);
  tools.progress('acting');
  const ran = await ctx.machine.run('device-restart', signal, { instance: found.instance });
  if (ran.exit === NEEDS_RESTART && ran.failure === null) return { mechanics: 'done', detail: 'restart-needed', facts: [] };
  if (!isDone(ran)) {
    const why = await disableAndEnable(tools, found.instance);
    if (why !== null) return failed(why);
  }
  await ctx.machine.run('device-scan', signal);
  tools.progress('settling');
  return await comesBack(tools, udid, before);
};

/** CM_PROB_DISABLED (learn.microsoft.com, "Device Manager error messages"). */
const DISABLED = 22;

const isDone = (ran: Ran) => ran.failure === null && ran.exit === 0;

/** Null when the device was off and is on again. */
async function disableAndEnable(tools: FixTools, instance: string): Promise<string | null> {
  const { ctx, rollbacks, waits, signal } = tools;
  const armed = await rollbacks.arm('usb-device-enabled', 'F05', { instance }, LEFT_OFF_MS);
  const off = await ctx.machine.run('device-disable', signal, { instance });
  // Whatever it said: a device that is on after all stays on.
  await pause(waits.look * OFF_LOOKS, signal).catch(() => {});
  const end = await rollbacks.carryOut(armed);
  if (!isBack(end)) return 'left-disabled';
  return isDone(off) ? null : 'restart-refused';
}

const Disabled = z.strictObject({ instance: z.string() });

/** Enables a device that this fix disabled. */
export const disabledDevice = rollbackKind(Disabled, async (machine, { instance }, signal): Promise<PutBack> => {
  const code = await codeOf(machine, instance, signal);
  if (code === 'gone' || code === 'unread') return code === 'gone' ? 'gone' : 'failed';
  if (code !== DISABLED) return 'already';
  const ran = await machine.run('device-enable', signal, { instance });
  return isDone(ran) ? 'restored' : 'failed';
});

async function codeOf(machine: Machine, instance: string, signal: AbortSignal): Promise<number | null | 'gone' | 'unread'> {
  const read = readDocument(await machine.run('windows-now', signal));
  const nodes = read.read ? readPhoneNodes(read.document) : null;
  if (!nodes?.read) return 'unread';
  const node = nodes.rows.flatMap((n) => [n.device, ...(n.mux ? [n.mux] : [])]).find((n) => n.instance === instance);
  return node ? node.code : 'gone';
}

/** The phone's composite device; null when the bus cannot be read. */
async function phoneNode(machine: Machine, udid: Udid, signal: AbortSignal) {
  const read = readDocument(await machine.run('windows-now', signal));
  const nodes = read.read ? readPhoneNodes(read.document) : null;
  if (!nodes?.read) return null;
  const found = nodes.rows.find((n) => n.udid === udid);
  return found ? { ...found.device, muxCode: found.mux?.code ?? null } : ('gone' as const);
}

/** Waits until the phone is on the bus under a new attach and listed, or time is up. */
async function comesBack({ ctx, waits, signal }: FixTools, udid: Udid, attachBefore: string | null): Promise<FixEnd> {
  const until = performance.now() + waits.reattach;
  for (;;) {
    const now = await surveyHost(ctx, [udid], signal);
    const device = readingOf(now.facts, 'usb-device', udid);
    const isNew = device?.mode === 'normal' && (attachBefore === null || device.attachId !== attachBefore);
    if (isNew && now.listed.some((d) => d.udid === udid)) return { mechanics: 'done', detail: 'back', facts: now.facts };
    if (performance.now() >= until)
      return device?.mode === 'normal'
        ? { mechanics: 'done', detail: isNew ? 'back-not-listed' : 'same-attach', facts: now.facts }
        : failed('not-back', now.facts);
    await pause(waits.look, signal);
  }
}
