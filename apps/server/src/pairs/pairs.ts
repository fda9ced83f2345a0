import type { AnswerView, FindingView, FleetSummary, HostRow, PairRow } from '@lockstep/core/protocol';
import type { Audit, Caller } from '../access/index.js';
import type { Agents } from '../agents/index.js';
import { type Bus, type Clock, type Database, type Leadership, type Log, ProblemError } from '../platform/index.js';
import type { Software } from '../software/index.js';
import { type AnswerBody, Answering } from './answering.js';
import { type FindingsQuery, listFindings } from './finding-list.js';
import { type HostsQuery, hostById, listHosts } from './host-list.js';
import { pairsCsv } from './pair-csv.js';
import { listPairs, type PairsFilter, type PairsQuery, pairRowsOf } from './pair-list.js';
import { PastSweep } from './past-sweep.js';
import { Recorder } from './recorder.js';
import { summarise } from './summary.js';
import { Sweeps } from './sweeps.js';

export interface PairsDeps {
  database: Pick<Database, 'pool'>;
  agents: Pick<Agents, 'ingest' | 'transactions' | 'connections' | 'links'>;
  /** Where versions are judged by; without it none is. */
  software?: Pick<Software, 'forDiagnosis' | 'onChange'>;
  leader: Leadership;
  audit: Audit;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/** The room's plain heart: records what agents tell, lets time pass, and answers what is known. */
export class Pairs {
  readonly recorder: Recorder;
  readonly sweeps: Sweeps;
  readonly past: PastSweep;
  readonly #answering: Answering;

  constructor(private readonly deps: PairsDeps) {
    const { database, agents, leader, bus, clock } = deps;
    const log = deps.log.child({ room: 'pairs' });
    this.recorder = new Recorder(
      bus,
      (hostId) => agents.connections.isHere(hostId),
      undefined,
      () => deps.software?.forDiagnosis,
    );
    const { transactions, connections, links } = agents;
    this.sweeps = new Sweeps({ database, transactions, connections, links, recorder: this.recorder, leader, bus, clock, log });
    this.past = new PastSweep({ database, leader, clock, log });
    this.#answering = new Answering({ database, transactions, recorder: this.recorder, sweeps: this.sweeps, audit: deps.audit, bus });
    deps.software?.onChange(() => this.sweeps.newCatalogue());
    links.onTakeover((hostId) => this.sweeps.takenOver(hostId));
    agents.ingest.register((tx, batch) => this.recorder.record(tx, batch));
  }

  readonly isConnected = (hostId: string): boolean => this.deps.agents.connections.isConnected(hostId);
  readonly connectedIds = (): string[] => this.deps.agents.connections.idsEverywhere();
  readonly heardAt = (hostId: string): number | null => this.deps.agents.links.heardAt(hostId);

  list(query: PairsQuery): Promise<{ items: PairRow[]; next: string | null }> {
    return listPairs(this.deps.database.pool, query, this.isConnected);
  }

  /** The whole list as CSV, in pieces. */
  csv(query: PairsFilter): AsyncGenerator<string> {
    return pairsCsv(this.deps.database.pool, query, this.isConnected);
  }

  rowsOf(ids: readonly string[]): Promise<PairRow[]> {
    return pairRowsOf(this.deps.database.pool, ids, this.isConnected);
  }

  summary(): Promise<FleetSummary> {
    return summarise(this.deps.database.pool, this.deps.agents.connections.everywhere, this.deps.clock.now());
  }

  hosts(query: HostsQuery): Promise<{ items: HostRow[]; next: string | null }> {
    return listHosts(this.deps.database.pool, query, this);
  }

  /** @throws ProblemError 404 */
  async host(id: string): Promise<HostRow> {
    const host = await hostById(this.deps.database.pool, id, this);
    if (!host) throw new ProblemError(404, 'not-found', 'There is no such host.');
    return host;
  }

  /** @throws ProblemError 404 */
  answer(pairId: string, body: AnswerBody, caller: Caller, address: string): Promise<AnswerView> {
    return this.#answering.answer(pairId, body, caller, address);
  }

  findings(query: FindingsQuery): Promise<{ items: FindingView[]; next: string | null }> {
    return listFindings(this.deps.database.pool, query);
  }
}
