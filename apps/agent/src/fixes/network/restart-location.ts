import { type Os, readDocument, serviceOf } from '../../machine/index.js';
import { type FixEnd, type FixTools, failed, refused, type Steps } from '../fix.js';
import { begin, lookAt, ranWell, seenIn, whyNot } from '../look.js';
import { notDone } from '../windows-done.js';

/**
 * F37b: the service that knows where the computer is, started anew, and the holder is told to switch Location Services of the phone off and
 * on, which nobody can do from here nor see. Nobody is waited for: what the computer's part did shows by itself.
 */
function restarted(tools: FixTools): FixEnd {
  tools.progress('awaiting-holder', 'toggle-location');
  return { mechanics: 'done', detail: 'restarted', facts: [] };
}

const onMacos: Steps = async ({ udid }, tools) => {
  const looked = await lookAt('location-daemon', tools);
  const daemon = seenIn(looked.fact);
  if (!daemon) return refused('location-unreadable', looked.facts);
  if (daemon.running === false) return refused('not-running', looked.facts);
  await begin('F37b', udid, tools);
  const ran = await tools.ctx.machine.run('locationd-term', tools.signal);
  return ranWell(ran) ? restarted(tools) : failed(whyNot('restart', ran));
};

const onWindows: Steps = async ({ udid }, tools) => {
  const { machine } = tools.ctx;
  const doc = readDocument(await machine.run('windows-responder', tools.signal));
  const service = doc.read ? serviceOf(doc.document, 'lfsvc') : doc;
  if (!service.read) return refused('location-unreadable');
  const [row] = service.rows;
  if (!row) return refused('not-installed');
  if (row.state === 'disabled') return refused('disabled-by-admin');
  await begin('F37b', udid, tools);
  const why = notDone('restart', await machine.run('location-restart', tools.signal));
  return why === null ? restarted(tools) : failed(why);
};

const onLinux: Steps = async ({ udid }, tools) => {
  await begin('F37b', udid, tools);
  const ran = await tools.ctx.machine.run('geoclue-restart', tools.signal);
  return ranWell(ran) ? restarted(tools) : failed(whyNot('restart', ran));
};

export const restartLocation: Record<Os, Steps> = { linux: onLinux, macos: onMacos, windows: onWindows };
