import type { History } from '@lockstep/core/diagnosis';
import type { CauseId, Health } from '@lockstep/core/health';
import type { Bus, Tx } from '../platform/index.js';
import { HOST, type Picture } from './picture.js';
import type { HostChanges } from './write.js';

type Tried = NonNullable<History['tried']>;
type Elsewhere = NonNullable<History['elsewhere']>;

/** What was tried counts for a day, what happened elsewhere for a week. */
const TRIED_MS = 86_400_000;
const ELSEWHERE_MS = 7 * 86_400_000;
/** A hint that was lost is made up after this, ms. */
const AGAIN_MS = 600_000;

/**
 * What stands beside a host's own rows and still tells about its phones: fixes that were tried, and the same phones at other hosts. It is
 * read with the picture, and again once somebody says that it changed (at whichever server) or ten minutes have passed.
 */
export class Beside {
  /** Which hosts of this process know a phone. */
  readonly #hostsOf = new Map<string, Set<string>>();

  constructor(
    private readonly bus: Bus,
    private readonly pictures: ReadonlyMap<string, Picture>,
  ) {
    bus.subscribe('run.changed', ({ hostId }) => this.#again(hostId));
    bus.subscribe('phone.changed', ({ hostId, udids }) => {
      for (const udid of udids) for (const id of this.#hostsOf.get(udid) ?? []) if (id !== hostId) this.#again(id);
    });
  }

  /** Reads what is due of these hosts, in two statements or none. */
  async read(client: Tx, hostIds: readonly string[], now: number): Promise<void> {
    const due = hostIds.flatMap((id) => {
      const picture = this.pictures.get(id);
      return picture && (picture.besideAt === null || picture.besideAt + AGAIN_MS <= now || picture.besideAt > now) ? [picture] : [];
    });
    if (due.length === 0) return;
    const ids = due.map((p) => p.hostId);
    // Before anything is asked: what changes meanwhile makes it due again.
    for (const picture of due) {
      picture.besideAt = now;
      for (const udid of picture.pairs.keys()) this.#know(udid, picture.hostId);
    }
    const tried = await client.query<{ host_id: string; udid: string | null; fix: string; at: Date; verdict: Tried[number]['verdict'] }>(
      `SELECT host_id, udid, fix, judged_at AS at, verdict FROM fix_run
       WHERE host_id = ANY($1::uuid[]) AND state = 'judged' AND judged_at > $2 AND mechanics IS DISTINCT FROM 'refused'
       UNION ALL SELECT host_id, udid, fix, ended_at, verdict FROM guided_run
       WHERE host_id = ANY($1::uuid[]) AND state = 'judged' AND ended_at > $2 ORDER BY at DESC`,
      [ids, new Date(now - TRIED_MS)],
    );
    const elsewhere = await client.query<{ host_id: string; udid: string; health: Health; cause: CauseId | null }>(
      `SELECT p.host_id, o.udid, o.health, o.primary_cause AS cause FROM pair p JOIN pair o ON o.udid = p.udid AND o.host_id <> p.host_id
       WHERE p.host_id = ANY($1::uuid[]) AND o.presence <> 'never-seen' AND o.seen_at > $2`,
      [ids, new Date(now - ELSEWHERE_MS)],
    );
    for (const picture of due) {
      picture.tried = triedBy(tried.rows.filter((r) => r.host_id === picture.hostId));
      picture.elsewhere = elsewhereOf(elsewhere.rows.filter((r) => r.host_id === picture.hostId));
    }
  }

  /** After a commit: tells those who know the same phones elsewhere. */
  tell(changes: readonly HostChanges[]): void {
    for (const { verdicts, applied } of changes) {
      const moved = new Set(verdicts.history.map((h) => h.pairId));
      const udids = verdicts.pairs.flatMap((p) => (moved.has(p.id) || applied.newDevices.has(p.udid) ? [p.udid] : []));
      if (udids.length === 0) continue;
      for (const udid of udids) this.#know(udid, verdicts.hostId);
      this.bus.publish('phone.changed', { hostId: verdicts.hostId, udids });
    }
  }

  #know(udid: string, hostId: string): void {
    const known = this.#hostsOf.get(udid);
    if (known) known.add(hostId);
    else this.#hostsOf.set(udid, new Set([hostId]));
  }

  #again(hostId: string): void {
    const picture = this.pictures.get(hostId);
    if (picture) picture.besideAt = null;
  }
}

/** By phone, newest first; what was tried on the host counts for each of its phones. */
function triedBy(rows: readonly { udid: string | null; fix: string; at: Date; verdict: Tried[number]['verdict'] }[]): Map<string, Tried> {
  const udids = new Set([HOST, ...rows.flatMap((r) => r.udid ?? [])]);
  return new Map(
    [...udids].map((udid) => [
      udid,
      rows.flatMap((r) => (r.udid === null || r.udid === udid ? [{ fix: r.fix, at: r.at.getTime(), verdict: r.verdict }] : [])),
    ]),
  );
}

function elsewhereOf(rows: readonly { udid: string; health: Health; cause: CauseId | null }[]): Map<string, Elsewhere> {
  const of = new Map<string, { healthy: number; failing: number; causes: CauseId[] }>();
  for (const { udid, health, cause } of rows) {
    const known = of.get(udid) ?? { healthy: 0, failing: 0, causes: [] };
    of.set(udid, known);
    if (health === 'healthy') known.healthy++;
    if (health === 'broken') known.failing++;
    if (health === 'broken' && cause !== null && !known.causes.includes(cause)) known.causes.push(cause);
  }
  return of;
}
