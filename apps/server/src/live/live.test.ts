import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LiveMessage, PairDetail, RunView } from '@lockstep/core/protocol';
import { TestAgent } from '../../test/agent.js';
import { Browser } from '../../test/browser.js';
import { enrolHost } from '../../test/enrol.js';
import { facts, OTHER, REJECTED, UDID, UNPAIRED } from '../../test/readings.js';
import { startTestServer, type TestServer } from '../../test/server.js';

let server: TestServer;
let cookie: string;
beforeAll(async () => {
  server = await startTestServer();
  cookie = await server.signIn();
});
afterAll(() => server.end());

const base = () => `http://127.0.0.1:${server.port}`;

const open = (headers: Record<string, string> = { cookie, origin: base() }) => Browser.open(server.port, headers);
const enrol = (hostname: string) => enrolHost(server, hostname);
const rowsOf = (all: LiveMessage[]) => all.flatMap((m) => (m.type === 'pairs' ? m.rows : []));

describe('the browsers’ socket', () => {
  it('is opened for who is signed in, on our own pages only', async () => {
    await expect(open({ cookie, origin: 'https://evil.example' })).rejects.toThrow('403');
    await expect(open({ cookie })).rejects.toThrow('403');
    expect(await (await open({ origin: base() })).closed).toMatch(/^4401 /);
    expect(await (await open({ cookie: 'lockstep_session=forged', origin: base() })).closed).toMatch(/^4401 /);
    const browser = await open();
    await browser.until((all) => all.find((m) => m.type === 'hello'));
    browser.ws.close();
  });

  it.each(['not json', '{}', '{"type":"watch.pair","id":"x"}', '[[[[[[]]]]]]', '{"type":"order"}'])('closes on %s', async (text) => {
    const browser = await open();
    browser.ws.send(text);
    expect(await browser.closed).toBe('1008 bad-message');
  });

  it('closes when it is flooded, and when its session ends', async () => {
    const noisy = await open();
    for (let i = 0; i < 50; i++) noisy.ws.send('{"type":"watch.fleet"}');
    expect(await noisy.closed).toBe('1008 too-fast');
    const again = await server.signIn();
    const browser = await open({ cookie: again, origin: base() });
    await browser.until((all) => all.find((m) => m.type === 'hello'));
    await server.ask('DELETE', '/api/v1/session', { cookie: again });
    expect(await browser.closed).toBe('4401 signed-out');
  });

  it('patches the rows that changed, the counts, and the pair that is watched; nobody else’s', async () => {
    const id = await enrol('live-1');
    const agent = await TestAgent.connect(base(), id);
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts({}, { udids: [UDID, OTHER] }) }));
    const fleet = await open();
    fleet.ws.send(JSON.stringify({ type: 'watch.fleet' }));
    await fleet.until((all) => all.find((m) => m.type === 'summary'));
    const { json } = await server.ask('GET', `/api/v1/pairs?host=${id.hostId}`, { cookie });
    const items = json.items as unknown as { id: string; udid: string }[];
    const watched = items.find((p) => p.udid === UDID)?.id ?? '';
    const page = await open();
    page.ws.send(JSON.stringify({ type: 'watch.pair', id: watched }));
    await page.until((all) => all.find((m) => m.type === 'pair'));
    fleet.messages.length = page.messages.length = 0;

    await agent.acked(agent.tell({ type: 'facts', full: false, facts: facts(REJECTED).filter((f) => f.subject !== 'host') }));
    const row = await fleet.until((all) => rowsOf(all).find((r) => r.id === watched && r.health === 'broken'));
    expect(row).toMatchObject({ primary: { cause: 'C44' }, connected: true });
    await fleet.until((all) => all.find((m) => m.type === 'summary' && m.summary.health.broken === 1));
    const detail = await page.until((all) => all.find((m) => m.type === 'pair' && m.detail.pair.health === 'broken'));
    if (detail.type === 'pair')
      expect(detail.detail.ladder.find((r) => r.layer === 'trust')).toMatchObject({ state: 'broken', reading: 'InvalidHostID (-21)' });
    expect(page.messages.every((m) => m.type === 'pair')).toBe(true);
    expect(rowsOf(fleet.messages).some((r) => r.udid === OTHER && r.health !== 'healthy')).toBe(false);

    // The computer goes offline: its rows say so at once, as newer rows.
    await agent.close();
    const gone = await fleet.until((all) => rowsOf(all).find((r) => r.id === watched && !r.connected));
    expect(gone.revision).toBeGreaterThan(row.revision);
    fleet.ws.close();
    page.ws.close();
  });
});

describe('REST', () => {
  it('goes from the list to a cure, and refuses bad input by field', async () => {
    const id = await enrol('rest-1');
    const agent = await TestAgent.connect(base(), id);
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(UNPAIRED) }));
    const list = await server.ask('GET', `/api/v1/pairs?host=${id.hostId}&health=broken`, { cookie });
    const [pair] = list.json.items as unknown as { id: string }[];
    expect(list.status).toBe(200);
    const before = await server.ask('GET', `/api/v1/pairs/${pair?.id}`, { cookie });
    expect(PairDetail.parse(JSON.parse(before.text)).target).toMatchObject({
      openCauses: ['C40'],
      connected: true,
      privileged: true,
      activeRun: null,
    });

    const key = { 'idempotency-key': randomUUID() };
    const asked = await server.ask('POST', '/api/v1/fix-runs', { cookie, json: { pairId: pair?.id, fix: 'F11' }, headers: key });
    expect(asked.status).toBe(202);
    const run = RunView.parse(JSON.parse(asked.text));
    const repeated = await server.ask('POST', '/api/v1/fix-runs', { cookie, json: { pairId: pair?.id, fix: 'F11' }, headers: key });
    expect(JSON.parse(repeated.text)).toEqual(run);
    await agent.next('order');
    agent.tell({ type: 'fix.received', runId: run.id });
    await agent.acked(agent.tell({ type: 'fix.settled', runId: run.id, mechanics: 'done', detail: null, facts: facts() }));
    expect((await server.ask('GET', `/api/v1/fix-runs/${run.id}`, { cookie })).json).toMatchObject({ state: 'judged', verdict: 'cured' });
    const runs = await server.ask('GET', `/api/v1/fix-runs?host=${id.hostId}&state=judged&limit=1`, { cookie });
    expect(runs.json).toMatchObject({ items: [{ id: run.id }], next: null });
    expect((await server.ask('GET', `/api/v1/hosts/${id.hostId}`, { cookie })).json).toMatchObject({ name: 'rest-1', connected: true });
    expect((await server.ask('GET', '/api/v1/pairs/summary', { cookie })).status).toBe(200);
    await agent.close();
  });

  it.each([
    ['POST', '/api/v1/fix-runs', { fix: 'F11' }, 'pairId'],
    ['POST', '/api/v1/fix-runs', { pairId: 'x', fix: 'F11' }, 'pairId'],
    ['POST', '/api/v1/fix-runs', { pairId: '00000000-0000-4000-8000-00000000dead', fix: 'F99' }, 'fix'],
    ['POST', '/api/v1/fix-runs', { hostId: '00000000-0000-4000-8000-00000000dead', fix: 'F11' }, 'pairId'],
    ['POST', '/api/v1/fix-runs', { pairId: '00000000-0000-4000-8000-00000000dead', fix: 'F11', cause: 'sick' }, 'cause'],
    ['POST', '/api/v1/fix-runs', { pairId: '00000000-0000-4000-8000-00000000dead', fix: 'F11', command: 'rm -rf /' }, 'command'],
    ['GET', '/api/v1/pairs/x', undefined, 'id'],
    ['GET', '/api/v1/fix-runs?state=done', undefined, 'state[0]'],
    ['GET', '/api/v1/fix-runs?after=zzz', undefined, 'after'],
    ['GET', '/api/v1/hosts/x', undefined, 'id'],
    ['GET', '/api/v1/findings?open=perhaps', undefined, 'open'],
    ['DELETE', '/api/v1/fix-runs/x', undefined, 'id'],
  ])('%s %s %j is refused and names %s', async (method, path, json, field) => {
    const answer = await server.ask(method, path, { cookie, ...(json === undefined ? {} : { json }) });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(answer.json.errors).toMatchObject([{ field }]);
  });

  it('is served to nobody who is not signed in', async () => {
    for (const path of [
      '/api/v1/pairs',
      '/api/v1/pairs/summary',
      '/api/v1/hosts',
      '/api/v1/findings',
      '/api/v1/fix-runs',
      `/api/v1/pairs/${randomUUID()}`,
    ]) {
      expect((await server.ask('GET', path)).status).toBe(401);
    }
    expect((await server.ask('POST', '/api/v1/fix-runs', { json: {} })).status).toBe(401);
  });
});
