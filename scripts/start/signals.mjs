// The ways a person or a system asks for the end.

/** npm passes on the SIGINT that the terminal already sent to everybody: two within this time are one Ctrl-C. */
const ONE_KEY_PRESS_MS = 1_000;
const PARENT_LOOK_MS = 1_000;

/** An end that was asked for, not a failure. */
export class Signalled extends Error {}

/** @param {import('./shutdown.mjs').Shutdown} shutdown */
export function endOnSignals(shutdown) {
  let first = 0;
  for (const name of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(name, () => {
      if (first === 0) {
        first = Date.now();
        shutdown.ask(new Signalled(name));
      } else if (name === 'SIGINT' && Date.now() - first > ONE_KEY_PRESS_MS) shutdown.kill();
    });
  }
  process.on('uncaughtException', (error) => shutdown.ask(error));
  process.on('unhandledRejection', (error) => shutdown.ask(error));
  // Under npm there may be a shell between npm and us that a signal ends without passing it on.
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) shutdown.ask(new Signalled('npm has ended'));
  }, PARENT_LOOK_MS).unref();
}
