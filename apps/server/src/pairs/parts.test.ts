import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Fact } from '@lockstep/core/health';
import { newEpoch } from '../../test/agent.js';
import { facts, UDID } from '../../test/readings.js';
import { type Rooms, startRooms } from '../../test/rooms.js';
import { HostTransactions } from '../agents/index.js';
import { Recorder } from './recorder.js';

let rooms: Rooms;
let hostIds: string[];
let transactions: HostTransactions;
let recorder: Recorder;
beforeAll(async () => {
  rooms = await startRooms();
});
afterAll(() => rooms.end());
beforeEach(async () => {
  hostIds = (await Promise.all([1, 2, 3].map((n) => rooms.enrol(`lnx-${n}`)))).map((one) => one.hostId).sort();
  transactions = new HostTransactions(rooms.database, rooms.clock, randomUUID());
  // One host at a stretch, so that three hosts are three parts.
  recorder = new Recorder(rooms.bus, () => true, 1);
});

const record = (of: (hostId: string) => Fact[]) =>
  transactions.run(hostIds, (tx) =>
    recorder.record(
      tx,
      hostIds.map((hostId) => {
        const epoch = newEpoch();
        return { hostId, epoch, messages: [{ type: 'facts', epoch, seq: 1, at: rooms.clock.iso(), full: true, facts: of(hostId) }] };
      }),
    ),
  );
const stored = () =>
  rooms.rows(
    `SELECT host_id, (SELECT count(*)::int FROM fact f WHERE f.host_id = p.host_id) AS facts, health FROM pair p WHERE host_id = ANY($1) ORDER BY host_id`,
    [hostIds],
  );
const all = () => facts({}, { at: rooms.clock.date() });

it('hosts of one transaction are written in parts, and all of them are there', async () => {
  await record(all);
  expect(await stored()).toEqual(hostIds.map((host_id) => ({ host_id, facts: all().length, health: 'healthy' })));
  // One phone at three computers is one phone.
  expect(await rooms.rows('SELECT udid FROM device')).toEqual([{ udid: UDID }]);
});

it('when one part cannot be diagnosed, nothing of the parts before it outlives the transaction', async () => {
  // A reading that no schema lets through.
  const broken = () => all().map((f) => (f.kind === 'trust-session' ? ({ ...f, reading: undefined } as unknown as Fact) : f));
  await expect(record((hostId) => (hostId === hostIds[2] ? broken() : all()))).rejects.toThrow(TypeError);
  await sleep(100);
  expect(await stored()).toEqual([]);
  expect(await rooms.rows('SELECT kind FROM fact WHERE host_id = ANY($1)', [hostIds])).toEqual([]);
  await record(all);
  expect(await stored()).toHaveLength(3);
});

it('when the database refuses one part, the others are rolled back with it, and its own reason is told', async () => {
  // PostgreSQL takes no NUL in jsonb (22P05).
  const nul = () =>
    all().map((f) =>
      f.kind === 'agent-self' && f.state === 'seen' ? ({ ...f, reading: { ...f.reading, hostname: '\u0000' } } as Fact) : f,
    );
  await expect(record((hostId) => (hostId === hostIds[0] ? nul() : all()))).rejects.toMatchObject({ code: '22P05' });
  expect(await stored()).toEqual([]);
});
