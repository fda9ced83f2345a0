import type { Fact, FailReason, Udid } from '@lockstep/core/health';
import type { MuxDevice } from '../device/index.js';
import { agentSelf } from './agent-self.js';
import { muxDaemon } from './mux-daemon.js';
import { type MuxView, muxDeviceFact, muxList } from './mux-list.js';
import { surveyPhone, unreachablePhone } from './phone-survey.js';
import { answer, type HostProbe, type ProbeContext } from './probe.js';
import { udidsOnBus, usbBus, usbDeviceFact } from './usb.js';

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
  const facts = (await Promise.all(probes.map((p) => answer(p, 'host', ctx, signal, (s) => p.ask(ctx, s))))).flat();
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

/** Every probe once: the computer, then every listed phone, eight at a time; a phone that hangs delays nobody else. */
export async function runProbes(ctx: ProbeContext, known: Iterable<Udid> = [], signal?: AbortSignal): Promise<Fact[]> {
  const host = await surveyHost(ctx, known, signal);
  const waiting = [...host.listed];
  const facts = [...host.facts];
  const lane = async () => {
    for (let device = waiting.shift(); device; device = waiting.shift()) facts.push(...(await surveyPhone(ctx, device, signal)));
  };
  await Promise.all(Array.from({ length: PHONES_AT_ONCE }, lane));
  for (const { udid, reason } of host.unreachable) facts.push(...(await unreachablePhone(ctx, udid, reason)));
  return facts;
}
