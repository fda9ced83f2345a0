import type { Ran } from '../../machine/index.js';
import { failed, type Steps } from '../fix.js';
import { comeBack, daemonOf, restartCalledFor } from './called-for.js';

/**
 * F08 on Linux: restarts usbmuxd.service when it is down, wedged, blind for a phone on the bus or unable to reach one. Every phone of the
 * computer drops for some seconds, so it is refused when nothing is wrong; its conditions (nobody's phone is at work, the service was not
 * switched off, the agent's own network is no phone) were asked right before.
 */
export const restartMuxLinux: Steps = async (_order, tools) => {
  const look = await restartCalledFor(tools);
  if (!look.called) return look.end;
  await tools.cap.acts('F08', null);
  tools.progress('acting');
  const ran = await tools.ctx.machine.run('usbmuxd-restart', tools.signal);
  if (ran.failure !== null || ran.exit !== 0) return failed(whyNot('restart', ran));
  tools.progress('settling');
  return await comeBack(tools, daemonOf(look.survey)?.pid ?? null);
};

/** Why a service manager did not do as it was told: `restart-denied`, `restart-failed`, `restart-timeout` … */
export function whyNot(what: string, ran: Ran): string {
  if (ran.failure !== null) return `${what}-${ran.failure}`;
  return /access denied|not permitted|interactive authentication required/i.test(ran.stderr) ? `${what}-denied` : `${what}-failed`;
}
