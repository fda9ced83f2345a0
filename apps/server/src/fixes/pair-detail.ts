import type { GuidedRunView, PairDetail, RunView, TicketLink, TimelineEntry } from '@lockstep/core/protocol';
import { answersOfPair, findingsOfPair, pairWithLadder, type Queryable, timelineOf } from '../pairs/index.js';
import type { Clock } from '../platform/index.js';
import { alternatives } from './alternatives.js';
import type { Orders } from './orders.js';
import { type Efficacy, efficacy, runsOfPair } from './run-list.js';
import { sightOf } from './target.js';

/** Rows of each part: what a page shows without paging. */
const MOST = 50;
/** Counts over the whole fleet are kept this long: a page that is watched asks for them with every patch. */
const EFFICACY_MS = 10_000;

/** Open tickets of a pair and its host. */
type ReadTickets = (pair: { hostId: string; udid: string }) => Promise<TicketLink[]>;

/** What people carry out step by step. */
interface ReadGuided {
  runs(pair: { id: string; hostId: string }): Promise<GuidedRunView[]>;
  efficacy(): Promise<Efficacy[]>;
}

/** Everything about one pair on one page. */
export class PairDetails {
  #tickets: ReadTickets = async () => [];
  #guided: ReadGuided = { runs: async () => [], efficacy: async () => [] };
  #efficacy: { at: number; rows: Promise<Efficacy[]> } | null = null;

  constructor(
    private readonly db: Queryable,
    private readonly clock: Clock,
    private readonly isConnected: (hostId: string) => boolean,
    private readonly orders: Pick<Orders, 'standing'>,
  ) {}

  /** The room that files tickets says how they are read; until it does there are none. */
  withTickets(read: ReadTickets): void {
    this.#tickets = read;
  }

  /** The same for the room that leads people. */
  withGuided(read: ReadGuided): void {
    this.#guided = read;
  }

  /** Null when there is no such pair. */
  async of(id: string): Promise<PairDetail | null> {
    const now = this.clock.now();
    const found = await pairWithLadder(this.db, id, this.isConnected, now);
    if (!found) return null;
    const { pair, ladder, input } = found;
    const [findings, runs, changes, sight, standing, counts, tickets, guided, answers] = await Promise.all([
      findingsOfPair(this.db, pair, MOST),
      runsOfPair(this.db, pair, MOST),
      timelineOf(this.db, pair, MOST),
      sightOf(this.db, { hostId: pair.hostId, pairId: pair.id, udid: pair.udid }, this.isConnected),
      this.orders.standing(this.db),
      this.#counts(),
      this.#tickets(pair),
      this.#guided.runs(pair),
      answersOfPair(this.db, pair.id, now),
    ]);
    const timeline = [...changes, ...runs.map(runEntry), ...guided.map(guidedEntry)]
      .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
      .slice(0, MOST);
    const { target } = sight;
    return {
      pair,
      ladder,
      findings,
      runs,
      timeline,
      efficacy: counts,
      tickets,
      guided,
      ...alternatives(pair, findings, answers, input),
      answers,
      target: {
        ...target,
        ...standing,
        openCauses: [...target.openCauses],
        unstableCauses: [...(target.unstableCauses ?? [])],
        lastRuns: [...target.lastRuns],
        awaiting: [...(target.awaiting ?? [])],
      },
    };
  }

  #counts(): Promise<Efficacy[]> {
    const now = this.clock.now();
    if (!this.#efficacy || this.#efficacy.at + EFFICACY_MS <= now) {
      const rows = Promise.all([efficacy(this.db), this.#guided.efficacy()]).then((both) => both.flat());
      this.#efficacy = { at: now, rows };
      rows.catch(() => {
        this.#efficacy = null;
      });
    }
    return this.#efficacy.rows;
  }
}

function runEntry(run: RunView): TimelineEntry {
  return {
    at: run.judgedAt ?? run.settledAt ?? run.askedAt,
    what: 'run',
    to: run.id,
    from: null,
    detail: `${run.fix} ${run.verdict ?? run.state}`,
  };
}

function guidedEntry(run: GuidedRunView): TimelineEntry {
  return {
    at: run.endedAt ?? run.settledAt ?? run.startedAt,
    what: 'guided',
    to: run.id,
    from: null,
    detail: `${run.fix} ${run.verdict ?? run.state}`,
  };
}
