import { readDocument, readPort } from '../../machine/index.js';
import { failed, refused, type Steps } from '../fix.js';
import { serves } from './start-service.js';
import { lookAtStoreApp, openStoreApp } from './store-app.js';

/**
 * F09b on Windows: opens Apple's app from the Store in the session of the person in front, whose process is the multiplexer then. Its
 * window may be closed afterwards. Refused where it runs already, where it runs in another person's session, and where something else
 * stands in its place: opening it would help nobody.
 */
export const startStoreApp: Steps = async (_order, tools) => {
  const { ctx, cap, signal } = tools;
  const app = await lookAtStoreApp(tools);
  if (app === null) return refused('app-unreadable');
  if (!app.installed) return refused('not-installed');
  if (app.here !== null) return refused('not-needed');
  if (app.elsewhere !== null) return refused('other-session');
  const listener = readDocument(await ctx.machine.run('windows-listener', signal));
  const port = listener.read ? readPort(listener.document) : null;
  if (!port?.read) return refused('port-unreadable');
  if (port.rows.length > 0) return refused('port-taken');

  await cap.acts('F09b', null);
  tools.progress('acting');
  const why = await openStoreApp(tools);
  if (why !== null) return failed(why);
  tools.progress('settling');
  return await serves(tools);
};
