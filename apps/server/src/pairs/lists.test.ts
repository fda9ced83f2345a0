import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FindingView, FleetSummary, HostRow, PairRow } from '@lockstep/core/protocol';
import { facts, REJECTED, UNPAIRED } from '../../test/readings.js';
import { type Rooms, startRooms } from '../../test/rooms.js';
import { ProblemError, parseInput } from '../platform/index.js';
import { FindingsQuery, HostsQuery, PairsQuery } from './index.js';

let rooms: Rooms;
const hostIds: string[] = [];
const AWAY = {
  'usb-bus': { devices: [] },
  'mux-list': { devices: [], unreadable: 0 },
  'usb-device': 'absent',
  'mux-device': 'absent',
} as const;
const udid = (host: number, n: number) => `00008110-${String(host * 100 + n).padStart(16, '0')}`;
const named = (name: string) => ({
  'device-values': { name, productType: n(name), productVersion: '26.6', buildVersion: 'b', deviceClass: 'iPhone' },
});
const n = (name: string) => (name.endsWith('0') ? 'iPhone17,3' : 'iPhone14,5');

beforeAll(async () => {
  rooms = await startRooms();
  // Four computers with six phones each: healthy, unpaired, rejected, and one whose phones were unplugged while rejected.
  for (const [h, change] of [{}, UNPAIRED, REJECTED, REJECTED].entries()) {
    const id = await rooms.enrol(['Zoe-Mac', 'anna', 'lnx_1', 'lnx%1'][h]);
    hostIds.push(id.hostId);
    const agent = await rooms.connect(id);
    const told = (more: object) =>
      Array.from({ length: 6 }, (_, i) =>
        facts({ ...change, ...named(`phone ${h}-${i}`), ...more }, { udids: [udid(h, i)], at: rooms.clock.date() }),
      ).flat();
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: told({}) }));
    rooms.clock.advance(1_000);
    if (h === 3) await agent.acked(agent.tell({ type: 'facts', full: false, facts: told(AWAY) }));
    rooms.clock.advance(1_000);
    if (h === 2) await agent.close();
  }
});
afterAll(() => rooms.end());

const list = (query: Record<string, string> = {}) => rooms.pairs.list(parseInput(PairsQuery, query, 'query'));
const names = async (query: Record<string, string>) => (await list(query)).items.map((p) => p.deviceName);
const refusal = async (work: () => Promise<unknown>) => {
  try {
    await work();
  } catch (error) {
    if (error instanceof ProblemError) return error.toProblem();
    throw error;
  }
  throw new Error('it was not refused');
};

describe('pairs', () => {
  it('have the shape that clients expect', async () => {
    const page = await list({ limit: '200' });
    expect(page.items).toHaveLength(24);
    for (const item of page.items) expect(PairRow.parse(item)).toEqual(item);
    expect(page.items.find((p) => p.hostName === 'anna')).toMatchObject({
      connected: true,
      primary: { cause: 'C40', title: 'Not paired' },
      health: 'broken',
    });
    expect(page.items.find((p) => p.hostName === 'anna')?.sentence).toMatch(/^phone 1-\d on anna: broken \{since\}\./);
  });

  it.each(['since', '-since', 'seenAt', '-seenAt', 'health', '-health', 'host', '-host', 'device', '-device'])(
    'come page by page without loss or repetition, sorted by %s',
    async (sort) => {
      const all = (await list({ sort, limit: '200' })).items.map((p) => p.id);
      const paged: string[] = [];
      for (let after: string | null = ''; after !== null; ) {
        const page = await list({ sort, limit: '5', ...(after === '' ? {} : { after }) });
        paged.push(...page.items.map((p) => p.id));
        after = page.next;
      }
      expect(paged).toEqual(all);
      expect(new Set(paged).size).toBe(24);
    },
  );

  it('sorted by health begin with what needs a person, and end with those whose verdict is old', async () => {
    expect((await list({ sort: 'health', limit: '200' })).items.map((p) => `${p.presence} ${p.health}`)).toEqual([
      ...Array(12).fill('attached broken'),
      ...Array(6).fill('attached healthy'),
      ...Array(6).fill('away broken'),
    ]);
  });

  it('are filtered by health among the attached, so that lists and totals agree', async () => {
    const summary = await rooms.pairs.summary();
    expect(FleetSummary.parse(summary)).toEqual(summary);
    expect(summary).toMatchObject({
      total: 18,
      away: 6,
      health: { healthy: 6, broken: 12, waiting: 0, degraded: 0, unknown: 0 },
      hosts: { total: 4, connected: 3 },
    });
    expect(summary.layers.trust).toBe(12);
    expect((await list({ health: 'broken' })).items).toHaveLength(12);
    expect((await list({ health: 'broken', presence: 'away' })).items).toHaveLength(6);
    expect((await list({ health: 'broken,healthy', presence: 'away,attached' })).items).toHaveLength(24);
    expect((await list({ presence: 'never-seen' })).items).toEqual([]);
  });

  it('are filtered by layer, cause and host', async () => {
    expect((await list({ layer: 'trust' })).items).toHaveLength(18);
    expect((await list({ layer: 'usb,mux' })).items).toHaveLength(0);
    expect((await list({ cause: 'C40' })).items).toHaveLength(6);
    expect((await list({ host: hostIds[0] ?? '' })).items).toHaveLength(6);
  });

  it('are searched by host, phone, model and UDID, and a pattern’s characters mean themselves', async () => {
    expect(await names({ q: 'phone 1-3' })).toEqual(['phone 1-3']);
    expect((await list({ q: 'ZOE' })).items).toHaveLength(6);
    expect((await list({ q: udid(2, 4) })).items).toHaveLength(1);
    expect((await list({ q: 'iPhone17,3' })).items).toHaveLength(4);
    expect((await list({ q: 'lnx%' })).items.map((p) => p.hostName)).toEqual(Array(6).fill('lnx%1'));
    expect((await list({ q: 'lnx_' })).items.map((p) => p.hostName)).toEqual(Array(6).fill('lnx_1'));
    expect((await list({ q: `'; DROP TABLE pair; --` })).items).toEqual([]);
    expect((await list({ q: '\\' })).items).toEqual([]);
  });

  it.each([
    [{ sort: 'mood' }, 'sort'],
    [{ health: 'fine' }, 'health[0]'],
    [{ health: '' }, 'health[0]'],
    [{ presence: 'here' }, 'presence[0]'],
    [{ layer: 'trust,cloud' }, 'layer[1]'],
    [{ host: 'x' }, 'host'],
    [{ cause: 'broken' }, 'cause'],
    [{ limit: '0' }, 'limit'],
    [{ limit: '1e3' }, 'limit'],
    [{ limit: '201' }, 'limit'],
    [{ q: 'a\u0000' }, 'q'],
    [{ colour: 'red' }, 'colour'],
  ])('refuse %j and name the field', async (query, field) => {
    expect(await refusal(() => list(query as unknown as Record<string, string>))).toMatchObject({
      status: 400,
      code: 'invalid-input',
      errors: [{ field }],
    });
  });

  it('refuse a cursor that is none, or of another sort', async () => {
    const { next } = await list({ sort: 'host', limit: '5' });
    const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const after of [
      'x',
      '',
      '%%%',
      forged(['host', 'a', 'not-a-uuid']),
      forged({}),
      forged(['since', 'now()); DROP TABLE pair; --', hostIds[0]]),
    ]) {
      expect(await refusal(() => list({ sort: 'since', after }))).toMatchObject({ status: 400, errors: [{ field: 'after' }] });
    }
    expect(await refusal(() => list({ sort: '-host', after: next ?? '' }))).toMatchObject({ status: 400, errors: [{ field: 'after' }] });
  });
});

describe('hosts', () => {
  const hosts = (query: Record<string, string> = {}) => rooms.pairs.hosts(parseInput(HostsQuery, query, 'query'));
  it('have the shape that clients expect, with their counts', async () => {
    const page = await hosts();
    for (const item of page.items) expect(HostRow.parse(item)).toEqual(item);
    expect(page.items.map((h) => [h.name, h.connected, h.health, h.pairs, h.openFindings])).toEqual(
      expect.arrayContaining([
        ['Zoe-Mac', true, 'healthy', 6, 0],
        ['anna', true, 'healthy', 6, 6],
        ['lnx_1', false, 'healthy', 6, 6],
      ]),
    );
    expect(page.items.every((h) => h.lastContactAt !== null && h.epoch !== null)).toBe(true);
  });
  it('come page by page, filtered and searched', async () => {
    for (const sort of ['name', '-name', 'enrolledAt', '-enrolledAt']) {
      const first = await hosts({ sort, limit: '3' });
      const rest = await hosts({ sort, limit: '3', after: first.next ?? '' });
      expect(new Set([...first.items, ...rest.items].map((h) => h.id)).size).toBe(4);
      expect(rest.next).toBeNull();
    }
    expect((await hosts({ q: 'LNX' })).items).toHaveLength(2);
    expect((await hosts({ revoked: 'true' })).items).toEqual([]);
    expect((await hosts({ health: 'healthy', revoked: 'false' })).items).toHaveLength(4);
  });
  it('refuse what they do not know, and name the field', async () => {
    expect(await refusal(() => hosts({ revoked: 'maybe' }))).toMatchObject({ errors: [{ field: 'revoked' }] });
    expect(await refusal(() => rooms.pairs.host('00000000-0000-4000-8000-00000000dead'))).toMatchObject({ status: 404 });
    expect(await rooms.pairs.host(hostIds[0] ?? '')).toMatchObject({ name: 'Zoe-Mac' });
  });
});

describe('findings', () => {
  const findings = (query: Record<string, string> = {}) => rooms.pairs.findings(parseInput(FindingsQuery, query, 'query'));
  it('have the shape that clients expect, and come page by page', async () => {
    const all = await findings({ limit: '200' });
    expect(all.items).toHaveLength(18);
    for (const item of all.items) expect(FindingView.parse(item)).toEqual(item);
    for (const sort of ['openedAt', '-openedAt']) {
      const ids: string[] = [];
      for (let after: string | null = ''; after !== null; ) {
        const page = await findings({ sort, limit: '4', ...(after === '' ? {} : { after }) });
        ids.push(...page.items.map((f) => f.id));
        after = page.next;
      }
      expect(new Set(ids).size).toBe(18);
      expect(ids).toHaveLength(18);
    }
  });
  it('are filtered by cause, host, pair and whether they are open', async () => {
    expect((await findings({ cause: 'C40' })).items).toHaveLength(6);
    expect((await findings({ host: hostIds[2] ?? '', open: 'true' })).items).toHaveLength(6);
    expect((await findings({ open: 'false' })).items).toEqual([]);
    const [pair] = (await list({ host: hostIds[1] ?? '' })).items;
    expect((await findings({ pair: pair?.id ?? '' })).items.map((f) => [f.cause, f.pairId])).toEqual([['C40', pair?.id]]);
    expect(await refusal(() => findings({ open: '1' }))).toMatchObject({ errors: [{ field: 'open' }] });
    expect(await refusal(() => findings({ pair: 'x' }))).toMatchObject({ errors: [{ field: 'pair' }] });
  });
});
