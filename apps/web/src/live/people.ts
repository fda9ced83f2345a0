import type { Role } from '@lockstep/core/fixes';
import { MadePasswordLink, PersonView, page, SessionView } from '@lockstep/core/protocol';
import { infiniteQueryOptions } from '@tanstack/react-query';
import { api } from './api.js';
import { keys } from './keys.js';

/** Somebody who may sign in. */
export type Person = PersonView;
/** The one answer that holds the secret of a link by which a person sets their password. */
export type MadeLink = MadePasswordLink;

const PeoplePage = page(PersonView);
/** Rows of one page. */
const ROWS = 100;
/** How often the list is read again, ms: the socket does not carry it. */
const POLL_MS = 20_000;

/** For admins. */
export const peopleQuery = infiniteQueryOptions({
  queryKey: keys.people,
  refetchInterval: POLL_MS,
  initialPageParam: '',
  queryFn: ({ pageParam, signal }) => api('/people', { query: { limit: ROWS, after: pageParam }, schema: PeoplePage, signal }),
  getNextPageParam: (last) => last.next ?? undefined,
});

/** Adds somebody. The same `key` adds them once. */
export const addPerson = (body: { name: string; email: string; role: Role }, key: string) =>
  api('/people', { method: 'POST', body, key, schema: MadePasswordLink });
export const changePerson = (id: string, body: { role?: Role; disabled?: boolean }) =>
  api(`/people/${encodeURIComponent(id)}`, { method: 'PATCH', body, schema: PersonView });
/** A new link for a person; the one before is void. The same `key` makes one. */
export const makePasswordLink = (id: string, key: string) =>
  api(`/people/${encodeURIComponent(id)}/password-link`, { method: 'POST', body: {}, key, schema: MadePasswordLink });
/** Sets a password by a link, and signs in. */
export const setPassword = (body: { token: string; password: string }) => api('/password', { method: 'POST', body, schema: SessionView });
/** One's own password. */
export const changePassword = (body: { current: string; password: string }) =>
  api<void>('/session/password', { method: 'PUT', body, schema: null });
