/** Work was not done in time. */
export class Overdue extends Error {
  constructor(readonly ms: number) {
    super(`not done within ${ms} ms`);
    this.name = 'Overdue';
  }
}

/** Work was called off: the phone was unplugged, or the agent ends. */
export class CalledOff extends Error {
  constructor() {
    super('called off');
    this.name = 'CalledOff';
  }
}

/**
 * Runs `work` for at most `ms`. When time is up, or `outer` aborts, the promise rejects at once with {@link Overdue} or {@link CalledOff}
 * and the signal given to the work aborts, so that it can let go of what it holds; what it still does after that is nobody's.
 */
export async function within<T>(ms: number, outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  if (outer?.aborted) throw new CalledOff();
  const inner = new AbortController();
  let give: (e: Error) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    give = (e) => {
      reject(e);
      inner.abort(e);
    };
  });
  const timer = setTimeout(() => give(new Overdue(ms)), ms);
  const onAbort = () => give(new CalledOff());
  outer?.addEventListener('abort', onAbort, { once: true });
  const doing = work(inner.signal);
  // The loser of the race must not become an unhandled rejection.
  doing.catch(() => {});
  ended.catch(() => {});
  try {
    return await Promise.race([doing, ended]);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onAbort);
  }
}

/** Waits; rejects with {@link CalledOff} when `signal` aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) throw new CalledOff();
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(new CalledOff());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
