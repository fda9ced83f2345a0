import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_PACE } from '@lockstep/core/tickets';
import type { AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts, MUX_DOWN, OTHER, REJECTED, UDID, UNPAIRED } from '../../test/readings.js';
import { type Rooms, startRooms, TECHNICIAN } from '../../test/rooms.js';
import { Database } from '../platform/index.js';
import { OwnDesk } from './desks/index.js';
import { Filing } from './filing.js';

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

let rooms: Rooms;
let id: AgentIdentity;
let agent: TestAgent;
beforeAll(async () => {
  rooms = await startRooms();
});
afterAll(() => rooms.end());
beforeEach(async () => {
  id = await rooms.enrol();
  agent = await rooms.connect(id);
});

type Change = Parameters<typeof facts>[0];
const tell = (change: Change = {}, udids: readonly string[] = [UDID]) =>
  agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(change, { at: rooms.clock.date(), udids }) }, rooms.clock.date()));
const look = () => rooms.tickets.filing.look([id.hostId]);
const tickets = () => rooms.rows('SELECT * FROM ticket WHERE host_id = $1 ORDER BY number', [id.hostId]);
const ticket = () => rooms.row('SELECT * FROM ticket WHERE host_id = $1', [id.hostId]);
const story = async () =>
  (
    await rooms.rows('SELECT kind FROM ticket_event WHERE ticket_id = ANY(SELECT id FROM ticket WHERE host_id = $1) ORDER BY at, id', [
      id.hostId,
    ])
  ).map((e) => e.kind);
const pairId = async (udid = UDID) =>
  String((await rooms.row('SELECT id FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, udid])).id);
/** Files the ticket of a phone that does not know this computer any more. */
const filed = async () => {
  await tell();
  await tell(REJECTED);
  rooms.clock.advance(16 * MIN);
  await tell(REJECTED);
  await look();
  return ticket();
};
/** The phone trusts again, and stays so for the dwell time. */
const healed = async () => {
  await tell();
  rooms.clock.advance(DEFAULT_PACE.dwellMs);
  await tell();
  await look();
};

describe('a guess', () => {
  it('is shown and files nothing, however long it stays', async () => {
    const garbled = { lockdown: { failed: 'garbage' } } as const;
    await tell();
    await tell(garbled);
    rooms.clock.advance(25 * HOUR);
    await tell(garbled);
    await look();
    const open = await rooms.rows(`SELECT cause, confidence FROM finding WHERE host_id = $1 AND state = 'open' AND health <> 'advisory'`, [
      id.hostId,
    ]);
    expect(open).toEqual([{ cause: 'C63', confidence: 0.5 }]);
    expect(await tickets()).toEqual([]);
  });
});

describe('a finding', () => {
  it('is filed once, when its hold-off is over', async () => {
    await tell();
    await tell(REJECTED);
    rooms.clock.advance(15 * MIN - 1);
    await tell(REJECTED);
    expect(await look()).toMatchObject({ changed: 0, nextAt: rooms.clock.now() + 1 });
    rooms.clock.advance(1);
    expect(await look()).toMatchObject({ changed: 1, failed: [] });
    const finding = await rooms.row(`SELECT id FROM finding WHERE host_id = $1 AND state = 'open'`, [id.hostId]);
    expect(await ticket()).toMatchObject({
      udid: UDID,
      family: 'trust',
      cause: 'C44',
      finding_id: finding.id,
      state: 'open',
      priority: 'normal',
      pairs: 1,
      desk: 'own',
    });
    expect((await ticket()).title).toBe('Phone no longer trusts this computer: Jun’s iPhone on lnx-0231');
    expect(await story()).toEqual(['filed']);
    expect(await look()).toMatchObject({ changed: 0, nextAt: null });
    expect(
      await rooms.rows(`SELECT actor_kind FROM audit WHERE action = 'ticket.filed' AND subject_id = $1`, [(await ticket()).id]),
    ).toEqual([{ actor_kind: 'server' }]);
    expect(rooms.told).toContainEqual({ topic: 'ticket.changed', message: { ticketId: (await ticket()).id, hostId: id.hostId } });
  });

  it('of a computer makes one ticket, not one for each of its phones', async () => {
    await tell({}, [UDID, OTHER]);
    await tell(MUX_DOWN, [UDID, OTHER]);
    rooms.clock.advance(10_000);
    await tell(MUX_DOWN, [UDID, OTHER]);
    rooms.clock.advance(10 * MIN);
    await tell(MUX_DOWN, [UDID, OTHER]);
    await look();
    expect(await ticket()).toMatchObject({
      udid: '',
      family: 'phone-service',
      cause: 'C30',
      pairs: 2,
      priority: 'high',
      title: 'Phone service is down: lnx-0231 (2 phones)',
    });
    const detail = await rooms.tickets.detail(String((await ticket()).id));
    expect(detail.pairs.map((p) => p.udid).sort()).toEqual([UDID, OTHER].sort());
    expect((await rooms.fixes.pair(await pairId(OTHER))).tickets).toMatchObject([{ cause: 'C30', onHost: true, state: 'open' }]);
  });

  it('of a phone that was pulled out files nothing, and closes nothing', async () => {
    await tell();
    await tell(REJECTED);
    const AWAY: Change = {
      'usb-bus': { devices: [] },
      'mux-list': { devices: [], unreadable: 0 },
      'usb-device': 'absent',
      'mux-device': 'absent',
    };
    await tell(AWAY);
    rooms.clock.advance(3 * HOUR);
    await tell(AWAY);
    await look();
    expect(await tickets()).toEqual([]);
    await tell(REJECTED);
    await look();
    expect(await ticket()).toMatchObject({ state: 'open' });
    await tell(AWAY);
    rooms.clock.advance(3 * HOUR);
    await look();
    expect(await ticket()).toMatchObject({ state: 'open', gone_at: null });
  });

  it('of a silent computer files nothing until it is heard', async () => {
    await tell();
    await tell(REJECTED);
    rooms.clock.advance(HOUR);
    await rooms.agents.transactions.run([id.hostId], (tx) => rooms.pairs.recorder.recheck(tx, [id.hostId], () => null));
    await look();
    expect(await tickets()).toEqual([]);
    await tell(REJECTED);
    await look();
    expect(await tickets()).toHaveLength(1);
  });

  it('that follows another of its family goes on under the same ticket', async () => {
    await filed();
    await tell(UNPAIRED);
    await look();
    expect(await ticket()).toMatchObject({ cause: 'C40', state: 'open', title: 'Not paired: Jun’s iPhone on lnx-0231' });
    expect(await story()).toEqual(['filed', 'cause']);
  });
});

describe('a ticket', () => {
  it('closes when its cause stayed gone for the dwell time, not before', async () => {
    await filed();
    await tell();
    rooms.clock.advance(DEFAULT_PACE.dwellMs - 1);
    await tell();
    expect(await look()).toMatchObject({ nextAt: rooms.clock.now() + 1 });
    expect(await ticket()).toMatchObject({ state: 'open', gone_at: expect.any(Date) });
    rooms.clock.advance(1);
    await look();
    expect(await ticket()).toMatchObject({ state: 'closed', closed_by: 'server' });
    expect(await story()).toEqual(['filed', 'closed']);
    expect(await look()).toMatchObject({ changed: 0 });
  });

  it('reopens within a day, and gets a linked successor after that', async () => {
    const first = await filed();
    await healed();
    await tell(REJECTED);
    rooms.clock.advance(16 * MIN);
    await look();
    expect(await ticket()).toMatchObject({ id: first.id, state: 'open', reopened: 1, closed_at: null });
    await healed();
    rooms.clock.advance(DAY + MIN);
    await tell();
    await tell(REJECTED);
    rooms.clock.advance(16 * MIN);
    await look();
    const [old, fresh] = await tickets();
    expect([old?.state, fresh?.state, fresh?.previous_id, Number(fresh?.number) - Number(old?.number)]).toEqual([
      'closed',
      'open',
      first.id,
      1,
    ]);
    expect(await rooms.tickets.detail(String(fresh?.id))).toMatchObject({ previous: { id: first.id } });
    expect(await rooms.tickets.detail(String(first.id))).toMatchObject({ later: [{ id: fresh?.id }], previous: null });
  });

  it('is one, however often the fault comes and goes', async () => {
    await tell();
    for (let n = 0; n < 8; n++) {
      await tell(REJECTED);
      rooms.clock.advance(4 * MIN);
      await tell(REJECTED);
      await look();
      await tell();
      rooms.clock.advance(3 * MIN);
      await tell();
      await look();
    }
    expect(await ticket()).toMatchObject({ flapping: true, reopened: 0, state: 'open' });
    expect((await ticket()).body).toContain('It comes and goes');
    expect(await story()).toEqual(['filed']);
  });

  it('tells what was tried with what the facts said, once, and closes when it helped', async () => {
    await filed();
    const run = await rooms.fixes.ask({ pairId: await pairId(), fix: 'F12' }, TECHNICIAN, '127.0.0.1');
    await agent.next('order');
    agent.tell({ type: 'fix.received', runId: run.id }, rooms.clock.date());
    rooms.clock.advance(MIN);
    await agent.acked(
      agent.tell(
        { type: 'fix.settled', runId: run.id, mechanics: 'done', detail: null, facts: facts({}, { at: rooms.clock.date() }) },
        rooms.clock.date(),
      ),
    );
    await look();
    await look();
    expect(await story()).toEqual(['filed', 'tried']);
    expect((await ticket()).body).toContain('Ask for trust again, by Tess');
    expect((await ticket()).body).toContain('it helped: fresh readings proved the cause gone');
    const { events } = await rooms.tickets.detail(String((await ticket()).id));
    expect(events[1]).toMatchObject({ kind: 'tried', by: { name: 'Tess' }, run: { id: run.id, fix: 'F12', verdict: 'cured' } });
    rooms.clock.advance(DEFAULT_PACE.dwellMs);
    await tell();
    await look();
    expect(await ticket()).toMatchObject({ state: 'closed' });
  });

  it('that a person closed stays closed while the same finding lasts, and reopens for the next', async () => {
    const { id: ticketId } = await filed();
    await rooms.tickets.patch(String(ticketId), { state: 'closed', reason: 'the phone will be replaced' }, TECHNICIAN, '127.0.0.1');
    rooms.clock.advance(2 * HOUR);
    await tell(REJECTED);
    await look();
    expect(await ticket()).toMatchObject({ state: 'closed', closed_by: 'person', close_reason: 'the phone will be replaced' });
    await tell();
    await tell(REJECTED);
    rooms.clock.advance(16 * MIN);
    await look();
    expect(await ticket()).toMatchObject({ state: 'open', reopened: 1, closed_by_name: null });
  });
});

describe('whatever happens in between', () => {
  it('two servers that look at once file one ticket, and numbers have no gap', async () => {
    await tell({}, [UDID, OTHER]);
    await tell(REJECTED, [UDID, OTHER]);
    rooms.clock.advance(16 * MIN);
    const { clock, bus, audit, log } = rooms;
    const others = [0, 1].map(() => new Database(rooms.database.url, { connections: 4, log }));
    const filings = others.map(
      (database) => new Filing({ database, desk: new OwnDesk(clock), audit, bus, clock, log, pace: DEFAULT_PACE }),
    );
    const before = Number((await rooms.row('SELECT last FROM ticket_number')).last);
    await Promise.all([...filings, ...filings, ...filings, rooms.tickets.filing].map((f) => f.look([id.hostId])));
    for (const database of others) await database.close();
    expect((await tickets()).map((t) => [t.udid, t.number])).toEqual(
      expect.arrayContaining([
        [expect.any(String), before + 1],
        [expect.any(String), before + 2],
      ]),
    );
    expect(await tickets()).toHaveLength(2);
    expect(await story()).toEqual(['filed', 'filed']);
    expect(await rooms.row('SELECT last FROM ticket_number')).toEqual({ last: before + 2 });
  });

  it('the database refuses a second open ticket, whoever asks', async () => {
    const { id: ticketId } = await filed();
    const copy = `INSERT INTO ticket SELECT (jsonb_populate_record(t, '{"id": "00000000-0000-4000-8000-00000000abcd", "number": 999999}'::jsonb)).* FROM ticket t WHERE id = $1`;
    await expect(rooms.rows(copy, [ticketId])).rejects.toThrow(/ticket_open/);
    const desk = new OwnDesk(rooms.clock);
    const t = await ticket();
    const content = {
      findingId: String(t.finding_id),
      cause: 'C44',
      layer: 'trust',
      priority: 'normal',
      title: 't',
      body: 'b',
      from: 'f',
      pairs: 1,
      flapping: false,
      since: 0,
      goneAt: null,
    } as const;
    const last = await rooms.row('SELECT last FROM ticket_number');
    expect(
      await rooms.database.tx((tx) =>
        desk.file(tx, { hostId: id.hostId, udid: UDID, family: 'trust', content, previousId: null, tried: [] }),
      ),
    ).toBeNull();
    expect(await rooms.row('SELECT last FROM ticket_number')).toEqual(last);
  });

  it('a filing that dies half way leaves nothing, and the next look files it', async () => {
    await tell();
    await tell(REJECTED);
    rooms.clock.advance(16 * MIN);
    const { database, clock, bus, audit, log } = rooms;
    class Dying extends OwnDesk {
      override async file(...args: Parameters<OwnDesk['file']>): Promise<never> {
        await super.file(...args);
        await args[0].query('SELECT pg_terminate_backend(pg_backend_pid())');
        throw new Error('unreachable');
      }
    }
    const dying = new Filing({ database, desk: new Dying(clock), audit, bus, clock, log, pace: DEFAULT_PACE });
    const last = Number((await rooms.row('SELECT last FROM ticket_number')).last);
    expect(await dying.look([id.hostId])).toMatchObject({ changed: 0, failed: [id.hostId] });
    expect(await tickets()).toEqual([]);
    expect(await rooms.row('SELECT last FROM ticket_number')).toEqual({ last });
    await look();
    expect(await ticket()).toMatchObject({ number: last + 1 });
    expect(await story()).toEqual(['filed']);
  });
});
