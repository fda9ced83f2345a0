import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { facts, UDID } from '../../test/readings.js';
import { type Rooms, startRooms } from '../../test/rooms.js';
import { HostTransactions } from '../agents/index.js';
import { Recorder } from './recorder.js';

let rooms: Rooms;
beforeAll(async () => {
  rooms = await startRooms();
});
afterAll(() => rooms.end());

it('a picture in memory is not believed once another server process wrote it', async () => {
  const id = await rooms.enrol();
  const agent = await rooms.connect(id);
  const health = async () => (await rooms.row('SELECT health FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, UDID])).health;
  const by = async () => (await rooms.row('SELECT picture_by FROM host_link WHERE host_id = $1', [id.hostId])).picture_by;
  await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts({}, { at: rooms.clock.date() }) }));
  expect(await health()).toBe('healthy');
  const mine = await by();

  // The leader, another process, heard nothing of the host.
  const other = randomUUID();
  const elsewhere = new HostTransactions(rooms.database, rooms.clock, other);
  const recorder = new Recorder(rooms.bus, () => false);
  await elsewhere.run([id.hostId], (tx) => recorder.recheck(tx, [id.hostId], () => null));
  expect(await health()).toBe('unknown');
  expect(await by()).toBe(other);

  // The process that holds the socket still remembers a healthy pair: nothing would change, and nothing would be written.
  await agent.acked(agent.tell({ type: 'still', except: [] }, rooms.clock.date()));
  expect(await health()).toBe('healthy');
  expect(await by()).toBe(mine);

  // Rolled back, the other's mark is gone with what it wrote, and its memory too.
  await expect(
    elsewhere.run([id.hostId], async (tx) => {
      await recorder.recheck(tx, [id.hostId], () => null);
      throw new Error('no commit');
    }),
  ).rejects.toThrow('no commit');
  expect(await by()).toBe(mine);
  await agent.acked(agent.tell({ type: 'still', except: [] }, rooms.clock.date()));
  expect(await health()).toBe('healthy');
});
