import { CauseId } from '@lockstep/core/health';
import { MAX_Q } from './fleet-view.js';

/** Which computers: those whose agent is connected, those it should be and is not, those that were revoked. */
export const HOST_STATES = ['connected', 'silent', 'revoked'] as const;
export type HostState = (typeof HOST_STATES)[number];

/** What the hosts page shows: exactly what its address says. */
export interface HostView {
  state: HostState | null;
  /** A cause that is open on the computer itself. */
  cause: string | null;
  q: string;
}

export const EVERY_HOST: HostView = { state: null, cause: null, q: '' };

/** The view as query parameters; what filters nothing is left out. */
export type HostSearch = Partial<Record<keyof HostView, string>>;

/** Reads an address. What it does not understand it leaves out. */
export function parseHostView(search: Record<string, unknown>): HostView {
  const text = (k: string) => (typeof search[k] === 'string' ? (search[k] as string) : '');
  return {
    state: HOST_STATES.find((s) => s === text('state')) ?? null,
    cause: CauseId.safeParse(text('cause')).success ? text('cause') : null,
    q: text('q').slice(0, MAX_Q).trim(),
  };
}

/** Writes an address. */
export function hostSearchOf(view: HostView): HostSearch {
  return {
    ...(view.state === null ? {} : { state: view.state }),
    ...(view.cause === null ? {} : { cause: view.cause }),
    ...(view.q === '' ? {} : { q: view.q }),
  };
}

const STATE_QUERIES: Record<HostState, Record<string, string>> = {
  connected: { connected: 'true' },
  silent: { connected: 'false', revoked: 'false' },
  revoked: { revoked: 'true' },
};

/** The same as the API is asked. */
export function hostQuery(view: HostView): Record<string, string> {
  return {
    ...(view.state === null ? {} : STATE_QUERIES[view.state]),
    ...(view.cause === null ? {} : { cause: view.cause }),
    ...(view.q === '' ? {} : { q: view.q }),
  };
}
