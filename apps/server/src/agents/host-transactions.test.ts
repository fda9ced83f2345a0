import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { facts } from '../../test/readings.js';
import { type Rooms, startRooms } from '../../test/rooms.js';
import { DatabaseUnavailable, type HostMessages, HostTransactions, type HostTx } from './index.js';

let rooms: Rooms;
let transactions: HostTransactions;
let hosts: string[];
/** What the last handler of every ingest transaction does: nothing, unless a test says otherwise. */
let mischief: (tx: HostTx, batch: readonly HostMessages[]) => Promise<void> = async () => undefined;
const seen: { hostId: string; seq: number }[] = [];
const committed = (id: { hostId: string }) => seen.filter((s) => s.hostId === id.hostId).map((s) => s.seq);
beforeAll(async () => {
  rooms = await startRooms();
  rooms.agents.ingest.register(async (tx, batch) => {
    await mischief(tx, batch);
    const now = batch.flatMap((h) => h.messages.map((m) => ({ hostId: h.hostId, seq: m.seq })));
    tx.onCommit(() => seen.push(...now));
  });
  hosts = (await Promise.all([1, 2, 3, 4, 5].map((n) => rooms.enrol(`lnx-${n}`)))).map((id) => id.hostId);
});
afterAll(() => rooms.end());
beforeEach(() => {
  transactions = new HostTransactions(rooms.database, rooms.clock, randomUUID());
});

const host = (n: number) => hosts[n] as string;

/** Something that waits until it is told to go on. */
function gate(): { passed: Promise<void>; open: () => void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** Runs transactions that say when they begin and end, and end when they are let go. */
function stage() {
  const said: string[] = [];
  const start = (name: string, of: number[]) => {
    const { passed, open } = gate();
    const over = transactions.run(of.map(host), async () => {
      said.push(`${name} began`);
      await passed;
      said.push(`${name} ended`);
    });
    over.catch(() => undefined);
    return { over, open };
  };
  return { said, start };
}

/** Until so much was said, and then as long as whatever may not begin yet would take: a transaction's first two statements take a millisecond or two. */
async function saysAll(said: readonly string[], lines: number): Promise<void> {
  while (said.length < lines) await sleep(5);
  await sleep(100);
}

describe('transactions about hosts', () => {
  it('run at once when they are about different hosts', async () => {
    const { said, start } = stage();
    const one = start('one', [0, 1]);
    const other = start('other', [2]);
    await saysAll(said, 2);
    other.open();
    await other.over;
    one.open();
    await one.over;
    expect(said.slice(2)).toEqual(['other ended', 'one ended']);
  });

  it('about one host run one after the other, in the order in which they were asked for', async () => {
    const { said, start } = stage();
    const first = start('first', [0]);
    const second = start('second', [0, 1]);
    const third = start('third', [1]);
    third.open();
    second.open();
    await saysAll(said, 1);
    expect(said).toEqual(['first began']);
    first.open();
    await third.over;
    expect(said).toEqual(['first began', 'first ended', 'second began', 'second ended', 'third began', 'third ended']);
  });

  it('are three at a time at most, and who waits longest goes next', async () => {
    const { said, start } = stage();
    const all = [0, 1, 2, 3, 4].map((n) => start(`${n}`, [n]));
    await saysAll(said, 3);
    expect([...said].sort()).toEqual(['0 began', '1 began', '2 began']);
    all[1]?.open();
    await saysAll(said, 5);
    expect(said.slice(3)).toEqual(['1 ended', '3 began']);
    for (const one of all) one.open();
    await Promise.all(all.map((one) => one.over));
    expect(said.indexOf('4 began')).toBeGreaterThan(said.indexOf('3 began'));
    expect(said).toHaveLength(10);
  });

  it('that fail let the next one about their host run, and void only what they prepared themselves', async () => {
    const voided: string[] = [];
    const fails = (name: string, of: number, how: () => Promise<unknown>) =>
      transactions.run([host(of)], async (tx) => {
        tx.onRollback(() => voided.push(name));
        tx.onCommit(() => voided.push(`${name} committed`));
        await how();
      });
    await expect(fails('bug', 0, () => Promise.reject(new TypeError('a bug')))).rejects.toThrow(TypeError);
    const [dead, fine] = await Promise.allSettled([
      transactions.run([host(1)], async (tx) => {
        tx.onRollback(() => voided.push('dead'));
        await tx.client.query('SELECT pg_terminate_backend(pg_backend_pid())');
      }),
      fails('fine', 2, () => sleep(50)),
    ]);
    expect(dead).toMatchObject({ status: 'rejected', reason: expect.any(DatabaseUnavailable) });
    expect(fine.status).toBe('fulfilled');
    expect(voided).toEqual(['bug', 'dead', 'fine committed']);
    expect(await transactions.run([host(0), host(1), host(2)], async (tx) => tx.links.size)).toBe(3);
  });

  it('are all over when it is idle', async () => {
    const { said, start } = stage();
    const one = start('one', [0]);
    const behind = start('behind', [0]);
    const none = start('none', []);
    const idle = transactions.idle().then(() => said.push('idle'));
    for (const { open } of [none, behind, one]) open();
    await idle;
    expect(said.at(-1)).toBe('idle');
    expect(said).toHaveLength(7);
  });
});

describe('batches of what agents tell', () => {
  it('of different hosts are under way at once, and what a host sends meanwhile waits for its own', async () => {
    const [slow, quick] = [await rooms.enrol('slow'), await rooms.enrol('quick')];
    const [slowAgent, quickAgent] = [await rooms.connect(slow), await rooms.connect(quick)];
    const { passed, open } = gate();
    const begun: number[][] = [];
    mischief = async (_tx, batch) => {
      const mine = batch.find((h) => h.hostId === slow.hostId);
      if (!mine) return;
      begun.push(mine.messages.map((m) => m.seq));
      if (begun.length === 1) await passed;
    };
    slowAgent.tell({ type: 'facts', full: true, facts: facts() });
    while (begun.length === 0) await new Promise((r) => setTimeout(r, 5));
    slowAgent.tell({ type: 'still', except: [] });
    const last = slowAgent.tell({ type: 'still', except: [] });
    // Not about the same phone: its row belongs to no host, and whoever writes it second waits for the first.
    const own = facts().filter((f) => f.subject === 'host');
    for (let i = 0; i < 3; i++) await quickAgent.acked(quickAgent.tell({ type: 'facts', full: true, facts: own }));
    expect(committed(quick)).toEqual([1, 2, 3]);
    expect(begun).toEqual([[1]]);
    expect(slowAgent.frames.filter((f) => f.type === 'ack')).toEqual([]);
    open();
    await slowAgent.acked(last);
    mischief = async () => undefined;
    expect(begun).toEqual([[1], [2, 3]]);
    expect(committed(slow)).toEqual([1, 2, 3]);
  });

  it('that fail leave the other one alone', async () => {
    const [bad, good] = [await rooms.enrol('bad'), await rooms.enrol('good')];
    const [badAgent, goodAgent] = [await rooms.connect(bad), await rooms.connect(good)];
    let deaths = 0;
    mischief = async (tx, batch) => {
      if (batch.some((h) => h.hostId === bad.hostId) && deaths++ < 2)
        await tx.client.query('SELECT pg_terminate_backend(pg_backend_pid())');
    };
    badAgent.tell({ type: 'facts', full: true, facts: facts() });
    while (deaths === 0) await new Promise((r) => setTimeout(r, 5));
    await goodAgent.acked(goodAgent.tell({ type: 'facts', full: true, facts: facts() }));
    expect(deaths).toBeLessThan(3);
    await badAgent.acked(1);
    mischief = async () => undefined;
    expect([committed(bad), committed(good)]).toEqual([[1], [1]]);
  });
});
