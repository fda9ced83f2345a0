import { CauseId, HEALTHS, type Health, LAYERS, type Layer, PRESENCES, type Presence } from '@lockstep/core/health';
import type { PairRow } from '@lockstep/core/protocol';

/** What the server sorts pairs by. */
export const SORT_FIELDS = ['health', 'device', 'host', 'since', 'seenAt'] as const;
export type SortField = (typeof SORT_FIELDS)[number];
export type Sort = SortField | `-${SortField}`;

/** What the fleet page shows: exactly what its address says. Empty lists filter nothing. */
export interface FleetView {
  health: readonly Health[];
  layer: readonly Layer[];
  presence: readonly Presence[];
  host: string | null;
  cause: string | null;
  q: string;
  sort: Sort;
}

/** Worst first: what an admin came for. */
export const DEFAULT_VIEW: FleetView = { health: [], layer: [], presence: [], host: null, cause: null, q: '', sort: 'health' };

/** Longest search text that is sent. */
export const MAX_Q = 200;

/** The view as query parameters; what is at its default is left out, so equal views have equal addresses. */
export type FleetSearch = Partial<Record<keyof FleetView, string>>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function some<T extends string>(raw: unknown, allowed: readonly T[]): T[] {
  const asked = typeof raw === 'string' ? raw.split(',') : [];
  return allowed.filter((v) => asked.includes(v));
}

/** Reads an address. What it does not understand it leaves out: a mistyped filter shows more, never an error page. */
export function parseView(search: Record<string, unknown>): FleetView {
  const text = (k: string) => (typeof search[k] === 'string' ? (search[k] as string) : '');
  const sort = text('sort');
  return {
    health: some(search.health, HEALTHS),
    layer: some(search.layer, LAYERS),
    presence: some(search.presence, PRESENCES),
    host: UUID.test(text('host')) ? text('host').toLowerCase() : null,
    cause: CauseId.safeParse(text('cause')).success ? text('cause') : null,
    q: text('q').slice(0, MAX_Q).trim(),
    sort: SORT_FIELDS.some((f) => sort === f || sort === `-${f}`) ? (sort as Sort) : DEFAULT_VIEW.sort,
  };
}

/** Writes an address. */
export function searchOf(view: FleetView): FleetSearch {
  const out: FleetSearch = {};
  if (view.health.length > 0) out.health = some(view.health.join(','), HEALTHS).join(',');
  if (view.layer.length > 0) out.layer = some(view.layer.join(','), LAYERS).join(',');
  if (view.presence.length > 0) out.presence = some(view.presence.join(','), PRESENCES).join(',');
  if (view.host) out.host = view.host;
  if (view.cause) out.cause = view.cause;
  if (view.q) out.q = view.q;
  if (view.sort !== DEFAULT_VIEW.sort) out.sort = view.sort;
  return out;
}

/**
 * The presences a view lets through. A filter by health or layer means attached pairs unless it says otherwise: away pairs are in
 * no health total, so "broken 2" has to open two rows.
 */
export function presencesOf(view: FleetView): readonly Presence[] {
  if (view.presence.length > 0) return view.presence;
  return view.health.length > 0 || view.layer.length > 0 ? ['attached'] : [];
}

/** The same as the API is asked. */
export function apiQuery(view: FleetView): Record<string, string> {
  const presence = presencesOf(view);
  return { ...searchOf(view), ...(presence.length > 0 ? { presence: presence.join(',') } : {}), sort: view.sort };
}

/** Whether anything is filtered. */
export function isFiltered(view: FleetView): boolean {
  return view.health.length + view.layer.length + view.presence.length > 0 || view.host !== null || view.cause !== null || view.q !== '';
}

/** Whether a row belongs into a view, told here only for rows that change under the reader's eyes; the list itself is the server's. */
export function matches(row: PairRow, view: FleetView): boolean {
  const presence = presencesOf(view);
  const in_ = <T>(list: readonly T[], v: T | undefined) => list.length === 0 || (v !== undefined && list.includes(v));
  const q = view.q.toLowerCase();
  return (
    in_(view.health, row.health) &&
    in_(view.layer, row.primary?.layer) &&
    in_(presence, row.presence) &&
    (view.host === null || row.hostId === view.host) &&
    (view.cause === null || row.primary?.cause === view.cause) &&
    (q === '' || [row.deviceName, row.hostName, row.udid, row.model].some((s) => s.toLowerCase().includes(q)))
  );
}

/** The server's order of healths: worst first. */
const WORST_FIRST: readonly Health[] = ['broken', 'waiting', 'unknown', 'degraded', 'healthy'];

const SORT_KEYS: Record<SortField, (r: PairRow) => string | number> = {
  health: (r) => WORST_FIRST.indexOf(r.health),
  device: (r) => r.deviceName.toLowerCase(),
  host: (r) => r.hostName.toLowerCase(),
  since: (r) => r.since,
  seenAt: (r) => r.seenAt ?? '',
};

/** The order of two rows under a sort; ids break ties as the server's paging does. */
export function compareRows(a: PairRow, b: PairRow, sort: Sort): number {
  const field = sort.replace(/^-/, '') as SortField;
  const [x, y] = [SORT_KEYS[field](a), SORT_KEYS[field](b)];
  const up = x < y ? -1 : x > y ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  return sort.startsWith('-') ? -up : up;
}
