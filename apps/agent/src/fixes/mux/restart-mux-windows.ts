import { type FixTools, failed, refused, type Steps } from '../fix.js';
import { lookAtService, startService, stopService } from './apple-service.js';
import { comeBack, daemonOf, restartCalledFor } from './called-for.js';
import { lookAtStoreApp, openStoreApp, type StoreAppLook } from './store-app.js';

/**
 * F08 on Windows: stops and starts Apple's service where its installer brought one, else ends the process of the Store's app and opens the
 * app again. Of the Store's processes only the one in the session in front is touched: another person's is theirs.
 */
export const restartMuxWindows: Steps = async (_order, tools) => {
  const look = await restartCalledFor(tools);
  if (!look.called) return look.end;
  const { facts } = look.survey;
  const service = await lookAtService(tools);
  if (service === null) return refused('service-unreadable', facts);
  if (service.service?.mode === 'Disabled') return refused('disabled-by-admin', facts);
  const app = service.service === null ? await lookAtStoreApp(tools) : null;
  if (service.service === null) {
    if (app === null) return refused('app-unreadable', facts);
    if (!app.installed) return refused('not-installed', facts);
    if (app.elsewhere !== null) return refused('other-session', facts);
  }

  await tools.cap.acts('F08', null);
  tools.progress('acting');
  const why = app === null ? await restartService(tools) : await reopen(tools, app);
  if (why !== null) return failed(why);
  tools.progress('settling');
  return await comeBack(tools, daemonOf(look.survey)?.pid ?? null);
};

/** Stops the service and starts it again, whatever became of stopping it: it is never left stopped. Null when it was started. */
export async function restartService(tools: FixTools): Promise<string | null> {
  const stopped = await stopService(tools);
  const started = await startService(tools);
  return stopped ?? started;
}

/** Ends the app's process in front, if there is one, and opens the app. */
export async function reopen(tools: FixTools, app: StoreAppLook): Promise<string | null> {
  if (app.here !== null) {
    const ran = await tools.ctx.machine.run('process-end', tools.signal, { pid: String(app.here.pid) });
    if (ran.failure !== null || ran.exit !== 0) return 'end-failed';
  }
  return await openStoreApp(tools);
}

/** Brings Apple's multiplexer to serve anew, whichever this computer has: for a fix that made its place free. Null when that was done. */
export async function restartWhicheverThereIs(tools: FixTools): Promise<string | null> {
  const service = await lookAtService(tools);
  if (service === null) return 'service-unreadable';
  // A service that somebody switched off stays off.
  if (service.service !== null && service.service.mode !== 'Disabled') return await restartService(tools);
  const app = await lookAtStoreApp(tools);
  if (app === null) return 'app-unreadable';
  return app.installed && app.elsewhere === null ? await reopen(tools, app) : null;
}
