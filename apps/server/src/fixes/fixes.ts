import type { PairDetail, RunView } from '@lockstep/core/protocol';
import type { Audit, Caller, OrderKeys } from '../access/index.js';
import type { Agents } from '../agents/index.js';
import { type Bus, type Clock, type Database, type Jobs, type Leadership, type Log, ProblemError } from '../platform/index.js';
import { Approvals, type ApproveBody, type DeclineBody } from './approvals.js';
import { type AskBody, Asking } from './ask.js';
import { Dispatch } from './dispatch.js';
import { Orders } from './orders.js';
import { PairDetails } from './pair-detail.js';
import { Receipts } from './receipts.js';
import { listRuns, type RunsQuery } from './run-list.js';
import { RunSweep } from './run-sweep.js';

export interface FixesDeps {
  database: Pick<Database, 'pool' | 'tx'>;
  agents: Pick<Agents, 'ingest' | 'transactions' | 'connections' | 'links'>;
  leader: Leadership;
  orderKeys: Pick<OrderKeys, 'find'>;
  /** Fixes that interrupt people which may be sent in an hour, in the whole fleet. */
  disruptivePerHour: number;
  audit: Audit;
  jobs: Pick<Jobs, 'add' | 'handle' | 'isUp'>;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/** The room's plain heart: from the question to the verdict. Made after the pairs room, whose facts are recorded before ours are settled. */
export class Fixes {
  readonly orders: Orders;
  readonly dispatch: Dispatch;
  readonly receipts: Receipts;
  readonly sweep: RunSweep;
  readonly details: PairDetails;
  readonly #asking: Asking;
  readonly #approvals: Approvals;

  constructor(private readonly deps: FixesDeps) {
    const { database, agents, leader, orderKeys, audit, jobs, bus, clock } = deps;
    const { connections, links, transactions } = agents;
    const log = deps.log.child({ room: 'fixes' });
    const isConnected = (hostId: string) => connections.isConnected(hostId);
    this.orders = new Orders({ database, audit, bus, clock, perHour: deps.disruptivePerHour });
    this.dispatch = new Dispatch({ database, connections, links, orderKeys, cap: this.orders.cap, audit, bus, clock, log });
    this.receipts = new Receipts({ audit, bus, log, over: (runId) => this.dispatch.forget(runId) });
    this.sweep = new RunSweep({
      database,
      transactions,
      connections,
      leader,
      orders: this.orders,
      dispatch: this.dispatch,
      receipts: this.receipts,
      jobs,
      audit,
      bus,
      clock,
      log,
    });
    this.details = new PairDetails(database.pool, clock, isConnected, this.orders);
    this.#asking = new Asking({ database, orders: this.orders, audit, jobs, bus, clock, log, isConnected });
    this.#approvals = new Approvals({ database, orders: this.orders, audit, jobs, bus, clock, log, isConnected });
    agents.ingest.register((tx, batch) => this.receipts.settle(tx, batch));
    // The job hands the order over and ends: no worker waits for a sleeping laptop.
    jobs.handle('fix.dispatch', async ({ runId }) => {
      await this.dispatch.dispatch(runId, true);
    });
  }

  ask(body: AskBody, caller: Caller, address: string): Promise<RunView> {
    return this.#asking.ask(body, caller, address);
  }

  cancel(id: string, caller: Caller, address: string): Promise<RunView> {
    return this.#asking.cancel(id, caller, address);
  }

  async approve(id: string, body: ApproveBody, caller: Caller, address: string): Promise<RunView> {
    await this.#approvals.approve(id, body, caller, address);
    return this.run(id);
  }

  async decline(id: string, body: DeclineBody, caller: Caller, address: string): Promise<RunView> {
    await this.#approvals.decline(id, body, caller, address);
    return this.run(id);
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
