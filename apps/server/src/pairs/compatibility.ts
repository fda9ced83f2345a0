import { FACT_KINDS } from '@lockstep/core/health';
import type { CompatibilityRow, CompatibilitySummary } from '@lockstep/core/protocol';
import {
  COMPATIBILITY_OUTCOMES,
  type Compatibility,
  type CompatibilityOutcome,
  compareVersions,
  compatibility,
  demandOf,
  type HostSoftware,
  hostSoftwareOf,
  type PhoneDemand,
  type PreparedCatalogue,
  Version,
} from '@lockstep/core/software';
import { z } from 'zod';
import { type Cursor, decodeCursor, PageQuery, pageOf } from '../platform/index.js';
import type { Queryable } from './pair-rows.js';

/** Query of GET /software/compatibility/summary. Without `ios`: the newest that anybody is offered. */
export const IosQuery = z.strictObject({ ios: Version.optional() });
export type IosQuery = z.output<typeof IosQuery>;

/** Query of GET /software/compatibility. */
export const CompatibilityQuery = PageQuery.omit({ q: true }).extend({
  ios: Version.optional(),
  outcome: z.enum(COMPATIBILITY_OUTCOMES).optional(),
});
export type CompatibilityQuery = z.output<typeof CompatibilityQuery>;

interface HostFacts {
  id: string;
  hostname: string;
  os: HostSoftware['os'];
  host_os: unknown;
  apple_software: unknown;
  phones: number;
  values: unknown[];
}

const HOSTS = `SELECT h.id, h.hostname, h.os,
  (SELECT f.reading FROM fact f WHERE f.host_id = h.id AND f.udid = '' AND f.kind = 'host-os' AND f.state = 'seen') AS host_os,
  (SELECT f.reading FROM fact f WHERE f.host_id = h.id AND f.udid = '' AND f.kind = 'apple-software' AND f.state = 'seen') AS apple_software,
  (SELECT count(*)::int FROM pair p WHERE p.host_id = h.id) AS phones,
  (SELECT coalesce(json_agg(f.reading), '[]') FROM fact f WHERE f.host_id = h.id AND f.udid <> '' AND f.kind = 'device-values' AND f.state = 'seen') AS "values"
  FROM host_key h WHERE h.revoked_at IS NULL ORDER BY h.hostname, h.id`;

const HostOs = FACT_KINDS['host-os'].reading;
const AppleSoftware = FACT_KINDS['apple-software'].reading;
const DeviceValues = FACT_KINDS['device-values'].reading;

/** Worst first: what needs the most work, then what nobody can tell. */
const RANK: Record<CompatibilityOutcome, number> = { replace: 0, update: 1, component: 2, unknown: 3, ready: 4 };

/**
 * Every computer beside phones that take this iOS. What a stored fact of another version says in a way that is not understood counts as not
 * read.
 */
async function compatibilities(db: Queryable, catalogue: PreparedCatalogue, ios: string): Promise<CompatibilityRow[]> {
  const { rows } = await db.query<HostFacts>(HOSTS);
  return rows.map((host) => rowOf(host, compatibility(catalogue, softwareOf(host), ios, highestDemand(host.values))));
}

/**
 * A page of them, worst first.
 * @throws ProblemError 400 for a cursor of another list
 */
export async function compatibilityPage(
  db: Queryable,
  catalogue: PreparedCatalogue,
  query: CompatibilityQuery,
): Promise<{ items: CompatibilityRow[]; next: string | null }> {
  const after = decodeCursor(query.after, z.tuple([z.literal(query.ios ?? ''), z.int().min(0).max(9), z.string(), z.uuid()]));
  const placeOf = (r: CompatibilityRow): readonly [number, string, string] => [RANK[r.outcome], r.hostName, r.hostId];
  const wanted = (await compatibilities(db, catalogue, query.ios ?? newestIos(catalogue)))
    .filter((r) => query.outcome === undefined || r.outcome === query.outcome)
    .sort((a, b) => compare(placeOf(a), placeOf(b)))
    .filter((r) => after === null || compare(placeOf(r), [after[1], after[2], after[3]]) > 0);
  return pageOf(
    wanted.slice(0, query.limit + 1),
    query.limit,
    (r) => r,
    (r): Cursor => [query.ios ?? '', ...placeOf(r)],
  );
}

/** How many there are of each outcome. */
export async function compatibilitySummary(db: Queryable, catalogue: PreparedCatalogue, query: IosQuery): Promise<CompatibilitySummary> {
  const ios = query.ios ?? newestIos(catalogue);
  const counts = Object.fromEntries(COMPATIBILITY_OUTCOMES.map((o) => [o, 0])) as CompatibilitySummary['counts'];
  for (const row of await compatibilities(db, catalogue, ios)) counts[row.outcome] += 1;
  return { ios, counts };
}

function compare(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? '';
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

function newestIos(catalogue: PreparedCatalogue): string {
  const offered = catalogue.platforms.ios.releases.filter((r) => r.release.offers.length > 0);
  return offered.at(-1)?.version ?? '0';
}

function softwareOf(host: HostFacts): HostSoftware {
  return hostSoftwareOf(host.os, HostOs.safeParse(host.host_os).data ?? null, AppleSoftware.safeParse(host.apple_software).data ?? null);
}

/** The most that any phone of the computer asks for now: a newer iOS asks for no less. */
function highestDemand(values: readonly unknown[]): PhoneDemand {
  const highest = (a: string | null, b: string | null) => (a === null || (b !== null && (compareVersions(b, a) ?? -1) > 0) ? b : a);
  return values.reduce<PhoneDemand>(
    (all, one) => {
      const read = DeviceValues.safeParse(one);
      if (!read.success) return all;
      const demand = demandOf(read.data);
      return { minMacos: highest(all.minMacos, demand.minMacos), minItunes: highest(all.minItunes, demand.minItunes) };
    },
    { minMacos: null, minItunes: null },
  );
}

function rowOf(host: HostFacts, verdict: Compatibility): CompatibilityRow {
  return { hostId: host.id, hostName: host.hostname, os: host.os, phones: host.phones, ...verdict };
}
