import type { Fact, FailReason, Udid } from '@lockstep/core/health';
import type { MuxDevice } from '../device/index.js';
import type { CommandId, Os } from '../machine/index.js';
import {
  agentSelf,
  HOST_QUESTIONS,
  type MuxView,
  muxDaemon,
  muxDeviceFact,
  muxList,
  udidsOnBus,
  usbBus,
  usbDeviceFact,
} from './host/index.js';
import { surveyPhone, unreachablePhone } from './phone-survey.js';
import { answer, askHost, type HostProbe, type ProbeContext } from './probe.js';
import { costlyAmong, sharingRuns } from './shared-runs.js';

/** Phones talked to at the same time: more only wait for the bus. */
export const PHONES_AT_ONCE = 8;

/** One look at the computer. */
export interface HostSurvey {
  /** Facts of the host, and each phone's share of bus and list. */
  facts: Fact[];
  /** Phones that can be talked to. */
  listed: MuxDevice[];
  /** Phones on the bus or in the list. */
  present: Udid[];
  /** Phones that cannot be talked to now, and why. */
  unreachable: { udid: Udid; reason: FailReason }[];
}

/**
 * Asks every question about the computer at once, each within its own deadline, and hands each phone its share of the answers. `known`:
 * phones that were here before, whose absence is a reading too.
 */
export async function surveyHost(ctx: ProbeContext, known: Iterable<Udid>, signal?: AbortSignal): Promise<HostSurvey> {
  const view: MuxView = { listing: null };
  const probes: HostProbe[] = [agentSelf, usbBus, muxDaemon, muxList(view)];
  const facts = (await Promise.all(probes.map((p) => askHost(p, ctx, [], signal)))).flat();
  const bus = facts.find((f) => f.kind === 'usb-bus');
  const list = facts.find((f) => f.kind === 'mux-list');
  const listed = view.listing?.devices ?? [];
  const present = [...new Set([...udidsOnBus(bus), ...listed.map((d) => d.udid)])];
  const unreachable: HostSurvey['unreachable'] = [];
  for (const udid of new Set([...present, ...known])) {
    const device = listed.find((d) => d.udid === udid);
    const share = (
      probe: { id: string; deadlineMs: number },
      kind: 'usb-device' | 'mux-device',
      of: () => ReturnType<typeof usbDeviceFact>,
    ) => answer({ ...probe, kinds: [kind] }, { udid }, ctx, undefined, async () => [of()]);
    facts.push(
      ...(await share(usbBus, 'usb-device', () => usbDeviceFact(bus, udid))),
      ...(await share(muxList(view), 'mux-device', () => muxDeviceFact(list, device, udid))),
    );
    if (!device) unreachable.push({ udid, reason: list?.state === 'failed' ? list.reason : 'unreachable' });
  }
  return { facts, listed, present, unreachable };
}

/** Costly commands that each look at the computer starts, on this system: questions that need them are asked along. */
export function surveyAsks(os: Os): CommandId[] {
  return costlyAmong([usbBus, muxDaemon].flatMap((p) => p.rows[os]?.asks ?? []));
}

/** Questions asked at the same time when everything is asked at once. */
const QUESTIONS_AT_ONCE = 4;

export interface RunOptions {
  /** Also what the running agent asks more rarely: every question about the computer, and what changes slowly on phones. */
  all?: boolean;
}

/** Every probe once: the computer, then every listed phone, eight at a time; a phone that hangs delays nobody else. */
export async function runProbes(
  ctx: ProbeContext,
  known: Iterable<Udid> = [],
  signal?: AbortSignal,
  { all = false }: RunOptions = {},
): Promise<Fact[]> {
  // One look is one moment: what is costly to start is started once.
  ctx = { ...ctx, machine: sharingRuns(ctx.machine, () => performance.now(), { ms: 60_000, costlyOnly: true }) };
  const host = await surveyHost(ctx, known, signal);
  const facts = [...host.facts];
  const phones = [...new Set([...host.present, ...known])];
  await Promise.all([
    inLanes(host.listed, PHONES_AT_ONCE, async (device) => facts.push(...(await surveyPhone(ctx, device, signal, { slow: all })))),
    all
      ? inLanes(HOST_QUESTIONS, QUESTIONS_AT_ONCE, async (probe) => facts.push(...(await askHost(probe, ctx, phones, signal))))
      : undefined,
  ]);
  for (const { udid, reason } of host.unreachable) facts.push(...(await unreachablePhone(ctx, udid, reason)));
  return facts;
}

async function inLanes<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = [...items];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
