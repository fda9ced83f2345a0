import type { Fact, Reading } from '@lockstep/core/health';
import type { Ran } from '../machine/index.js';
import { type HostSurvey, LOCKDOWN_TYPE, PhoneTalk, pause, surveyHost, within } from '../probes/index.js';
import { type FixEnd, type FixTools, failed, refused, type Steps } from './fix.js';
import { routeIsPhone } from './route.js';

type Daemon = Reading<'mux-daemon'>;

/** A phone that answers at all says within a second or two whether it is being restored. */
const RESTORE_MS = 3_000;

/**
 * F08 on Linux: restarts usbmuxd.service when it is down, wedged or blind for a phone on the bus. Every phone of the computer drops for
 * some seconds, so it is refused when nothing is wrong, when an administrator switched the service off, while a phone is being restored
 * (a cut there can leave it unusable), and when the agent's own network is one of the phones.
 */
export const restartMuxLinux: Steps = async (_order, tools) => {
  const { ctx, cap, waits, signal } = tools;
  const before = await surveyHost(ctx, [], signal);
  const objection = objectionTo(before);
  if (objection !== null) return refused(objection, before.facts);
  if (isStale(before) && !isDown(before)) {
    // A phone that was plugged in this moment is not listed yet: look twice.
    await pause(waits.look, signal);
    const again = await surveyHost(ctx, [], signal);
    const still = objectionTo(again);
    if (still !== null) return refused(still, again.facts);
  }
  const route = await routeIsPhone(ctx.machine);
  if (route !== false) return refused(route === null ? 'route-unknown' : 'route-is-this-phone', before.facts);
  if (await anyRestoring(tools, before)) return refused('restore-in-progress', before.facts);

  await cap.acts('F08', null);
  tools.progress('acting');
  const ran = await ctx.machine.run('usbmuxd-restart', signal);
  if (ran.failure !== null || ran.exit !== 0) return failed(whyNot(ran));

  tools.progress('settling');
  const pid = daemonOf(before)?.pid ?? null;
  return await comeBack(tools, pid);
};

/** Null when a restart is called for, else a word for why it is not. */
function objectionTo(survey: HostSurvey): string | null {
  const fact = survey.facts.find((f) => f.kind === 'mux-daemon');
  if (fact?.state === 'absent') return 'not-installed';
  const daemon = daemonOf(survey);
  if (!daemon) return 'mux-unreadable';
  if (daemon.state === null) return 'no-service-manager';
  if (daemon.state === 'disabled') return 'disabled-by-admin';
  const bus = busOf(survey);
  if (!bus) return 'bus-unreadable';
  if (bus.some((d) => d.mode === 'restore')) return 'restore-in-progress';
  if (!bus.some((d) => d.mode === 'normal')) return 'no-phone';
  return isDown(survey) || isStale(survey) ? null : 'not-needed';
}

/** The socket is not served, or served by something that does not answer as a multiplexer. */
function isDown(survey: HostSurvey): boolean {
  const socket = daemonOf(survey)?.socket;
  return socket === 'missing' || socket === 'refused' || socket === 'silent' || socket === 'garbage';
}

/** A booted phone with the multiplexer's interface hangs on the bus and is not in the list. */
function isStale(survey: HostSurvey): boolean {
  if (survey.facts.find((f) => f.kind === 'mux-list')?.state !== 'seen') return false;
  return unlisted(survey).length > 0;
}

function unlisted(survey: HostSurvey): string[] {
  const listed = new Set(survey.listed.map((d) => d.udid));
  return (busOf(survey) ?? []).flatMap((d) =>
    d.mode === 'normal' && d.muxInterface === true && d.udid !== null && !listed.has(d.udid) ? [d.udid] : [],
  );
}

/** Whether one of the listed phones is being restored. One that does not answer in time is not known to be. */
async function anyRestoring({ ctx, signal }: FixTools, survey: HostSurvey): Promise<boolean> {
  const answers = await Promise.all(
    survey.listed.map(async (device) => {
      const talk = new PhoneTalk(ctx.mux, device, ctx.lockdown);
      try {
        return (await within(RESTORE_MS, signal, (s) => talk.ask(s, (client) => client.queryType({ signal: s })))) !== LOCKDOWN_TYPE;
      } catch {
        return false;
      } finally {
        talk.drop();
      }
    }),
  );
  return answers.includes(true);
}

/** Waits until another process serves the socket and every phone with the interface is listed again, or time is up. */
async function comeBack({ ctx, waits, signal }: FixTools, pidBefore: number | null): Promise<FixEnd> {
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

function whyNot(ran: Ran): string {
  if (ran.failure !== null) return `restart-${ran.failure}`;
  return /access denied|not permitted|interactive authentication required/i.test(ran.stderr) ? 'restart-denied' : 'restart-failed';
}

function daemonOf(survey: HostSurvey): Daemon | null {
  const fact = survey.facts.find((f): f is Fact & { kind: 'mux-daemon'; state: 'seen' } => f.kind === 'mux-daemon' && f.state === 'seen');
  return fact?.reading ?? null;
}

function busOf(survey: HostSurvey): Reading<'usb-bus'>['devices'] | null {
  const fact = survey.facts.find((f): f is Fact & { kind: 'usb-bus'; state: 'seen' } => f.kind === 'usb-bus' && f.state === 'seen');
  return fact?.reading.devices ?? null;
}
