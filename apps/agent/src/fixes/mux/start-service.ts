import { z } from 'zod';
import { pause, surveyHost } from '../../probes/index.js';
import { type FixEnd, type FixTools, failed, refused, type Steps } from '../fix.js';
import { lookAtService, startService } from './apple-service.js';
import { daemonOf } from './called-for.js';

/** How the service started before: what is kept, and written back when starting it fails. */
const StartMode = z.enum(['demand']);

/**
 * F09 on Windows: starts Apple's service, and has it start by itself from now on where it waited to be asked. One that somebody disabled
 * is left: that was an administrator. The old way to start is kept, and put back at once when the service cannot be started.
 */
export const startAppleService: Steps = async (_order, tools) => {
  const { ctx, cap, kept, signal } = tools;
  const look = await lookAtService(tools);
  if (look === null) return refused('service-unreadable');
  const { service } = look;
  if (service === null) return refused('not-installed');
  if (service.mode === 'Disabled') return refused('disabled-by-admin');
  if (service.running || service.between) return refused('not-needed');

  const old = service.mode === 'Manual' ? await kept.keep('apple-service-start', StartMode, 'demand') : null;
  await cap.acts('F09', null);
  tools.progress('acting');
  if (old !== null) {
    const ran = await ctx.machine.run('service-mode', signal, { startMode: 'auto' });
    if (ran.failure !== null || ran.exit !== 0) return failed('mode-not-set');
  }
  const why = await startService(tools);
  if (why !== null) {
    // Its own time: what made starting fail must not keep this from being put back.
    if (old !== null)
      await kept.restore(old.id, StartMode, async (startMode) => void (await ctx.machine.run('service-mode', undefined, { startMode })));
    return failed(why);
  }
  tools.progress('settling');
  return await serves(tools);
};

/** Waits until somebody of Apple's serves the socket, or time is up. */
export async function serves({ ctx, waits, signal }: FixTools): Promise<FixEnd> {
  const until = performance.now() + waits.relist;
  for (;;) {
    const now = await surveyHost(ctx, [], signal);
    const daemon = daemonOf(now);
    if (daemon?.state === 'running' && daemon.socket === 'answering') return { mechanics: 'done', detail: 'serves', facts: now.facts };
    if (performance.now() >= until)
      return daemon?.state === 'running'
        ? { mechanics: 'done', detail: 'runs-not-answering', facts: now.facts }
        : failed('not-running', now.facts);
    await pause(waits.look, signal);
  }
}
