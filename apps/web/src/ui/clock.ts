import { useSyncExternalStore } from 'react';

/** The server's clock minus this computer's, ms: ages are told by the server's clock, or a wrong local one would make them up. */
let offset = 0;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Tells the clock what the server's time was when `receivedAt` (ms, local) was now. Below two seconds it is transit, not drift. */
export function setServerTime(iso: string, receivedAt: number = Date.now()): void {
  const server = Date.parse(iso);
  if (!Number.isFinite(server)) return;
  const drift = server - receivedAt;
  const next = Math.abs(drift) < 2000 ? 0 : drift;
  if (Math.abs(next - offset) < 1000) return;
  offset = next;
  for (const l of listeners) l();
}

/** Now by the server's clock, ms. */
export function serverNow(): number {
  return Date.now() + offset;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    if (typeof document === 'undefined' || document.visibilityState === 'visible') for (const l of listeners) l();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** A value told from the time, looked at once a second; the component renders only when the value changes. Return a primitive. */
export function useTicking<T extends string | number | boolean | null>(read: (now: number) => T): T {
  return useSyncExternalStore(subscribe, () => read(serverNow()));
}
