import type { Fact, Reading, Udid } from '@lockstep/core/health';
import { askLockdown, type HostSurvey, pause, surveyHost } from '../../probes/index.js';
import { type FixEnd, type FixTools, failed, refused } from '../fix.js';
import { readingOf } from '../readings.js';

/** A phone that answers at all does so within a second or two. */
const ANSWER_MS = 3_000;

/** A look that calls for a restart, or the end of the run where none does. */
export type Called = { called: true; survey: HostSurvey } | { called: false; end: FixEnd };

/**
 * Whether a restart of the multiplexer is called for: it is down, it does not list a phone that hangs on the bus, or a phone that it lists
 * does not answer. What may be of this moment alone (a phone that was just plugged in) is looked at twice. Nothing is wrong: refused.
 */
export async function restartCalledFor(tools: FixTools): Promise<Called> {
  const { ctx, waits, signal } = tools;
  const before = await surveyHost(ctx, [], signal);
  const objection = objectionTo(before);
  const no = (word: string, facts: readonly Fact[]): Called => ({ called: false, end: refused(word, facts) });
  if (objection !== null) return no(objection, before.facts);
  if (isDown(before)) return { called: true, survey: before };
  if (!isStale(before) && !(await isStalled(tools, before))) return no('not-needed', before.facts);
  await pause(waits.look, signal);
  const again = await surveyHost(ctx, [], signal);
  const still = objectionTo(again);
  if (still !== null) return no(still, again.facts);
  if (!isDown(again) && !isStale(again) && !(await isStalled(tools, again))) return no('not-needed', again.facts);
  return { called: true, survey: again };
}

/** Null when nothing speaks against it, else a word for what does. */
function objectionTo(survey: HostSurvey): string | null {
  if (survey.facts.find((f) => f.kind === 'mux-daemon')?.state === 'absent') return 'not-installed';
  const daemon = daemonOf(survey);
  if (!daemon) return 'mux-unreadable';
  // What a tool holds stopped would not end, and a new one would be held as well.
  if (daemon.suspended === true) return 'held-by-tool';
  const bus = readingOf(survey.facts, 'usb-bus');
  if (!bus) return 'bus-unreadable';
  return bus.devices.some((d) => d.mode === 'normal') ? null : 'no-phone';
}

/** The socket is not served, or served by something that does not answer as a multiplexer. */
export function isDown(survey: HostSurvey): boolean {
  const socket = daemonOf(survey)?.socket;
  return socket === 'missing' || socket === 'refused' || socket === 'silent' || socket === 'garbage';
}

/** A booted phone that could be served hangs on the bus and is not in the list. */
function isStale(survey: HostSurvey): boolean {
  return survey.facts.find((f) => f.kind === 'mux-list')?.state === 'seen' && unlisted(survey).length > 0;
}

/** Phones on the bus that the multiplexer ought to list: on Windows the driver's node tells whether it could, elsewhere the interface. */
export function unlisted(survey: HostSurvey): Udid[] {
  const listed = new Set(survey.listed.map((d) => d.udid));
  const devices = readingOf(survey.facts, 'usb-bus')?.devices ?? [];
  return devices.flatMap((d) => {
    const servable = d.muxNode ? d.muxNode.state === 'ok' : d.muxInterface === true;
    return d.mode === 'normal' && servable && d.udid !== null && !listed.has(d.udid) ? [d.udid] : [];
  });
}

/** Some listed phone takes connections and does not answer, or refuses them. */
async function isStalled({ ctx, signal }: FixTools, survey: HostSurvey): Promise<boolean> {
  const answers = await Promise.all(survey.listed.map((device) => askLockdown(ctx, device, ANSWER_MS, signal)));
  return answers.flat().some((f) => f.kind === 'lockdown' && f.state === 'failed' && SILENT.has(f.reason));
}

const SILENT: ReadonlySet<string> = new Set(['timeout', 'refused', 'closed', 'unreachable']);

/** Waits until another process serves the socket and every phone that could be served is listed again, or time is up. */
export async function comeBack({ ctx, waits, signal }: FixTools, pidBefore: number | null): Promise<FixEnd> {
  const until = performance.now() + waits.relist;
  for (;;) {
    const now = await surveyHost(ctx, [], signal);
    const daemon = daemonOf(now);
    const isNew = daemon?.state === 'running' && daemon.pid !== null && daemon.pid !== pidBefore;
    if (isNew && daemon.socket === 'answering' && unlisted(now).length === 0)
      return { mechanics: 'done', detail: 'new-pid', facts: now.facts };
    if (performance.now() >= until)
      return isNew ? { mechanics: 'done', detail: 'new-pid-not-all-listed', facts: now.facts } : failed('no-new-pid', now.facts);
    await pause(waits.look, signal);
  }
}

export function daemonOf(survey: HostSurvey): Reading<'mux-daemon'> | null {
  return readingOf(survey.facts, 'mux-daemon');
}
