import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Fact } from '@lockstep/core/health';
import fc from 'fast-check';
import { newEpoch } from '../../test/agent.js';
import { facts } from '../../test/readings.js';
import { type Rooms, startRooms } from '../../test/rooms.js';
import { HostTransactions, type HostTx } from '../agents/index.js';
import { Recorder } from './recorder.js';

let rooms: Rooms;
beforeAll(async () => {
  rooms = await startRooms();
});
afterAll(() => rooms.end());

const HOSTS = 3;

/** What one transaction tells about some hosts, and how it ends. */
interface Told {
  of: number[];
  trust: 'accepted' | 'refused';
  phones: string[];
  full: boolean;
  end: 'commits' | 'throws' | 'dies';
}

const told: fc.Arbitrary<Told> = fc.record({
  of: fc.uniqueArray(fc.nat(HOSTS - 1), { minLength: 1, maxLength: HOSTS }),
  trust: fc.constantFrom('accepted', 'refused'),
  phones: fc.constantFrom(['A'], ['B'], ['A', 'B']),
  full: fc.boolean(),
  end: fc.constantFrom('commits', 'commits', 'commits', 'throws', 'dies'),
});

const readings = ({ trust, phones }: Told, udidOf: (phone: string) => string): Fact[] =>
  facts(trust === 'accepted' ? {} : { 'trust-session': { outcome: 'refused', error: 'InvalidHostID', code: -21 } }, {
    at: rooms.clock.date(),
    udids: phones.map(udidOf),
  });

/** Some computers, with phones of their own, or the same two phones at all of them. */
interface House {
  hostIds: string[];
  /** What is in every UDID of this house and in no other's. */
  mark: string;
  udidOf: (host: number, phone: string) => string;
}
let houses = 0;
async function house(isShared = false): Promise<House> {
  const mark = `C${(++houses).toString(16).toUpperCase().padStart(7, '0')}`;
  const hostIds = (await Promise.all(Array.from({ length: HOSTS }, (_, i) => rooms.enrol(`lnx-${i}`)))).map((id) => id.hostId);
  return { hostIds, mark, udidOf: (host, phone) => `00008110-${mark}000000${isShared ? 0 : host}${phone}` };
}

const ENDS: Record<Told['end'], (tx: HostTx) => Promise<unknown>> = {
  commits: async () => undefined,
  throws: async () => {
    throw new Error('a room failed');
  },
  dies: (tx) => tx.client.query('SELECT pg_terminate_backend(pg_backend_pid())'),
};

/** Tells in transactions of one process: all at once with one memory, or one after the other, each without any. Says how each ended. */
async function tell(all: readonly Told[], { hostIds, udidOf }: House, isAtOnce: boolean): Promise<PromiseSettledResult<void>[]> {
  const transactions = new HostTransactions(rooms.database, rooms.clock, randomUUID());
  const kept = new Recorder(rooms.bus, () => true, 1);
  let n = 0;
  const one = (t: Told) => {
    const recorder = isAtOnce ? kept : new Recorder(rooms.bus, () => false, 1);
    const epoch = newEpoch();
    const batch = t.of.map((i) => ({
      hostId: hostIds[i] as string,
      epoch,
      messages: [
        { type: 'facts' as const, epoch, seq: ++n, at: rooms.clock.iso(), full: t.full, facts: readings(t, (phone) => udidOf(i, phone)) },
      ],
    }));
    return transactions.run(
      batch.map((b) => b.hostId),
      async (tx) => {
        await recorder.record(tx, batch);
        await ENDS[t.end](tx);
      },
    );
  };
  if (isAtOnce) return await Promise.allSettled(all.map(one));
  const ended: PromiseSettledResult<void>[] = [];
  for (const t of all) ended.push(...(await Promise.allSettled([one(t)])));
  return ended;
}

const isDone = (ended: readonly PromiseSettledResult<void>[]) => ended.map((e) => e.status === 'fulfilled');

/** Everything that is stored about a house, without what is drawn by lot. */
async function storedOf({ hostIds, mark }: House): Promise<unknown> {
  const inTurn = 'array_position($1, host_id)';
  const about = async (columns: string, table: string, order: string) =>
    await rooms.rows(`SELECT ${columns} FROM ${table} WHERE host_id = ANY($1::uuid[]) ORDER BY ${inTurn}, ${order}`, [hostIds]);
  const rows = {
    facts: await about('udid, kind, state, reading, at, seen_at, since', 'fact', 'udid, kind'),
    past: await about('udid, kind, state, reading, since, until', 'fact_past', 'udid, kind, id'),
    findings: await about(
      'udid, cause, state, since, opened_at, closed_at, evidence',
      'finding',
      'udid, cause, closed_at IS NULL, closed_at, opened_at, state',
    ),
    pairs: await about(
      'udid, presence, health, primary_cause, rungs, since, seen_at, recheck_at, session_at, wifi_at, here_at',
      'pair',
      'udid',
    ),
    history: await about('udid, h.what, h."from", h."to", h.detail, h.at', 'pair_history h JOIN pair p ON p.id = h.pair_id', 'udid, h.id'),
    hosts: await about('health, heard, rungs, recheck_at', 'host_state', 'host_id'),
  };
  return JSON.parse(JSON.stringify(rows).replaceAll(mark, '-'));
}

it('what transactions at once write, with memory between them and whichever fail, is what one after the other would without any', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(told, { minLength: 2, maxLength: 8 }), async (all) => {
      const [atOnce, inTurn] = [await house(), await house()];
      const expected = all.map((t) => t.end === 'commits');
      expect(isDone(await tell(all, atOnce, true))).toEqual(expected);
      expect(isDone(await tell(all, inTurn, false))).toEqual(expected);
      expect(await storedOf(atOnce)).toEqual(await storedOf(inTurn));
    }),
    { numRuns: 15 },
  );
}, 60_000);

it('phones that several computers know are met in one order: no transaction ends another', async () => {
  const all: Told[] = [0, 1, 2, 0, 1, 2].flatMap((i) =>
    (['accepted', 'refused'] as const).map((trust) => ({
      of: [i],
      trust,
      phones: i === 1 ? ['B', 'A'] : ['A', 'B'],
      full: true,
      end: 'commits',
    })),
  );
  for (let n = 0; n < 5; n++)
    expect(await tell(all, await house(true), true)).toEqual(all.map(() => ({ status: 'fulfilled', value: undefined })));
}, 30_000);
