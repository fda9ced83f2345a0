import type { PairDetail, RunView } from '@lockstep/core/protocol';
import type { Audit, Caller, OrderKey } from '../access/index.js';
import type { Agents } from '../agents/index.js';
import { type Bus, type Clock, type Database, type Jobs, type Log, ProblemError } from '../platform/index.js';
import { type AskBody, Asking } from './ask.js';
import { Dispatch } from './dispatch.js';
import { PairDetails } from './pair-detail.js';
import { Receipts } from './receipts.js';
import { listRuns, type RunsQuery } from './run-list.js';
import { RunSweep } from './run-sweep.js';

export interface FixesDeps {
  database: Pick<Database, 'pool' | 'tx'>;
  agents: Pick<Agents, 'ingest' | 'transactions' | 'connections'>;
  orderKey: Pick<OrderKey, 'keyId' | 'sign'>;
  audit: Audit;
  jobs: Pick<Jobs, 'add' | 'handle'>;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/** The room's plain heart: from the question to the verdict. Made after the pairs room, whose facts are recorded before ours are settled. */
export class Fixes {
  readonly dispatch: Dispatch;
  readonly sweep: RunSweep;
  readonly details: PairDetails;
  readonly #asking: Asking;

  constructor(private readonly deps: FixesDeps) {
    const { database, agents, orderKey, audit, jobs, bus, clock } = deps;
    const { connections, transactions } = agents;
    const log = deps.log.child({ room: 'fixes' });
    const isConnected = (hostId: string) => connections.isConnected(hostId);
    this.dispatch = new Dispatch({ database, connections, orderKey, audit, bus, clock, log });
    const receipts = new Receipts({ audit, bus, log, over: (runId) => this.dispatch.forget(runId) });
    this.sweep = new RunSweep({ database, transactions, connections, dispatch: this.dispatch, receipts, jobs, audit, bus, clock, log });
    this.details = new PairDetails(database.pool, clock, isConnected);
    this.#asking = new Asking({ database, audit, jobs, bus, clock, log, isConnected });
    agents.ingest.register((tx, batch) => receipts.settle(tx, batch));
    // The job hands the order over and ends: no worker waits for a sleeping laptop.
    jobs.handle('fix.dispatch', async ({ runId }) => {
      await this.dispatch.dispatch(runId);
    });
  }

  ask(body: AskBody, caller: Caller, address: string): Promise<RunView> {
    return this.#asking.ask(body, caller, address);
  }

  cancel(id: string, caller: Caller, address: string): Promise<RunView> {
    return this.#asking.cancel(id, caller, address);
  }

  run(id: string): Promise<RunView> {
    return this.#asking.run(id);
  }

  list(query: RunsQuery): Promise<{ items: RunView[]; next: string | null }> {
    return listRuns(this.deps.database.pool, query);
  }

  /** @throws ProblemError 404 */
  async pair(id: string): Promise<PairDetail> {
    const detail = await this.details.of(id);
    if (!detail) throw new ProblemError(404, 'not-found', 'There is no such pair.');
    return detail;
  }
}
