import type { InstalledVersion, SoftwareModelRow } from '@lockstep/core/protocol';
import {
  compareVersions,
  judgeHost,
  judgePhone,
  type Platform,
  type PreparedCatalogue,
  type PreparedModel,
  type Verdict,
} from '@lockstep/core/software';
import type { Queryable } from './pair-rows.js';

interface InstalledRecord {
  platform: Platform;
  model: string;
  version: string;
  build: string | null;
  n: number;
}

/**
 * What each phone said it runs when it was looked at last, at whichever computer that was, and what each Mac says. Revoked computers are
 * left out, and phones that only they have seen.
 */
const INSTALLED = `WITH said AS (
    SELECT DISTINCT ON (f.udid) f.reading FROM fact f JOIN host_key h ON h.id = f.host_id AND h.revoked_at IS NULL
    WHERE f.kind = 'device-values' AND f.state = 'seen' ORDER BY f.udid, f.seen_at DESC)
  SELECT 'ios' AS platform, reading->>'productType' AS model, reading->>'productVersion' AS version, reading->>'buildVersion' AS build, count(*)::int AS n
    FROM said GROUP BY 1, 2, 3, 4
  UNION ALL
  SELECT 'macos', coalesce(f.reading->>'model', ''), f.reading->>'version', f.reading->>'build', count(*)::int
    FROM fact f JOIN host_key h ON h.id = f.host_id AND h.revoked_at IS NULL AND h.os = 'macos'
    WHERE f.kind = 'host-os' AND f.state = 'seen' GROUP BY 1, 2, 3, 4`;

/** Every model of the fleet with the versions it runs, phones first, those with the most devices first. */
export async function softwareModels(db: Queryable, catalogue: PreparedCatalogue, now: number): Promise<SoftwareModelRow[]> {
  const { rows } = await db.query<InstalledRecord>(INSTALLED);
  const models = new Map<string, { row: SoftwareModelRow; versions: Map<string, InstalledVersion> }>();
  for (const r of rows) {
    const verdict = verdictOf(catalogue, r, now);
    const known = catalogue.platforms[r.platform].model(r.model);
    const id = known?.id ?? r.model;
    const key = `${r.platform}|${id}`;
    const one = models.get(key) ?? { row: modelRow(r.platform, id, known), versions: new Map<string, InstalledVersion>() };
    models.set(key, one);
    one.row.count += r.n;
    // One row may be a beta and say nothing of the model's tracks; any row that has a verdict tells them.
    if (verdict.majorsBehind !== null)
      Object.assign(one.row, { tracks: [...verdict.tracks], majorsBehind: verdict.majorsBehind, ended: verdict.ended });
    // Builds of one version that stand alike are one line; a beta of it is another.
    const line = `${r.version}|${verdict.status}`;
    const before = one.versions.get(line);
    if (before) {
      before.count += r.n;
      if (r.build) before.builds = [...before.builds, r.build].sort();
    } else one.versions.set(line, installed(r, verdict));
  }
  return [...models.values()]
    .map(({ row, versions }) => ({
      ...row,
      installed: [...versions.values()].sort((a, b) => compareVersions(b.version, a.version) ?? a.version.localeCompare(b.version)),
    }))
    .sort((a, b) => rank(a.platform) - rank(b.platform) || b.count - a.count || (a.model < b.model ? -1 : 1));
}

const rank = (platform: Platform) => (platform === 'ios' ? 0 : 1);

function verdictOf(catalogue: PreparedCatalogue, r: InstalledRecord, now: number): Verdict {
  return r.platform === 'ios'
    ? judgePhone(catalogue, { productType: r.model, productVersion: r.version, buildVersion: r.build ?? '' }, now)
    : judgeHost(catalogue, { os: 'macos', model: r.model === '' ? null : r.model, version: r.version, build: r.build }, now);
}

function modelRow(platform: Platform, model: string, known: PreparedModel | null): SoftwareModelRow {
  return { platform, model, name: known?.name ?? null, count: 0, tracks: [], majorsBehind: null, ended: false, installed: [] };
}

function installed(r: InstalledRecord, verdict: Verdict): InstalledVersion {
  const { status, since, days, exploited, urgency } = verdict;
  return { version: r.version, builds: r.build ? [r.build] : [], count: r.n, status, since, days, exploited: [...exploited], urgency };
}
