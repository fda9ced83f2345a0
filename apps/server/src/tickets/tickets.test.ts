import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LiveMessage, PairDetail, TicketDetail, TicketRow } from '@lockstep/core/protocol';
import { TestAgent } from '../../test/agent.js';
import { Browser } from '../../test/browser.js';
import { enrolHost } from '../../test/enrol.js';
import { facts, MUX_DOWN, OTHER, REJECTED, UDID, UNPAIRED } from '../../test/readings.js';
import { ADMIN, startTestServer, type TestServer } from '../../test/server.js';

/* The whole server with its own clock and timers: a hold-off of nothing, a dwell time of four seconds. */
let server: TestServer;
let cookie: string;
let agent: TestAgent;
let hostId: string;
beforeAll(async () => {
  server = await startTestServer({ env: { LOCKSTEP_TICKET_HOLD_OFF: '0', LOCKSTEP_TICKET_DWELL: '4' } });
  cookie = await server.signIn();
  const id = await enrolHost(server, 'mbp-0231');
  ({ hostId } = id);
  agent = await TestAgent.connect(base(), id);
});
afterAll(async () => {
  await agent.close();
  await server.end();
});

const base = () => `http://127.0.0.1:${server.port}`;
const tell = (change: Parameters<typeof facts>[0] = {}, udids = [UDID]) =>
  agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(change, { udids }) }));
const list = async (query = '') => {
  const answer = await server.ask('GET', `/api/v1/tickets${query}`, { cookie });
  expect([query, answer.status]).toEqual([query, 200]);
  const { items, next } = JSON.parse(answer.text) as { items: unknown[]; next: string | null };
  return { items: items.map((i) => TicketRow.parse(i)), next };
};
const detail = async (id: string) => TicketDetail.parse(JSON.parse((await server.ask('GET', `/api/v1/tickets/${id}`, { cookie })).text));
const patch = (id: string, json: unknown, who = cookie) => server.ask('PATCH', `/api/v1/tickets/${id}`, { cookie: who, json });
const ticketsOf = (all: LiveMessage[]) => all.flatMap((m) => (m.type === 'tickets' ? m.rows : []));

describe('tickets', () => {
  it('are filed, told live, closed and reopened, without anybody asking', async () => {
    const rows = await Browser.open(server.port, { cookie, origin: base() });
    rows.ws.send('{"type":"watch.tickets"}');
    await tell();
    await tell(REJECTED);
    const filed = await rows.until((all) => ticketsOf(all)[0]);
    expect(filed).toMatchObject({
      number: 1,
      state: 'open',
      cause: 'C44',
      hostName: 'mbp-0231',
      deviceName: 'Jun’s iPhone',
      priority: 'normal',
      revision: 1,
    });
    const counted = await rows.until((all) => all.find((m) => m.type === 'ticket-summary' && m.summary.open === 1));
    expect(counted).toMatchObject({ summary: { priority: { urgent: 0, high: 0, normal: 1, low: 0 }, unassigned: 1, gone: 0 } });
    const page = await Browser.open(server.port, { cookie, origin: base() });
    page.ws.send(JSON.stringify({ type: 'watch.ticket', id: filed.id }));
    const first = await page.until((all) => all.find((m) => m.type === 'ticket'));
    expect(first).toMatchObject({ detail: { ticket: { id: filed.id }, pairs: [{ udid: UDID, health: 'broken' }] } });

    const pair = await server.ask('GET', `/api/v1/pairs/${filed.pairId}`, { cookie });
    expect(PairDetail.parse(JSON.parse(pair.text)).tickets).toEqual([
      { id: filed.id, number: 1, state: 'open', cause: 'C44', title: filed.title, onHost: false },
    ]);

    await tell();
    // The page of the ticket sees its pair get well at once, the ticket a dwell time later.
    await page.until((all) => all.find((m) => m.type === 'ticket' && m.detail.pairs[0]?.health === 'healthy'));
    const gone = await rows.until((all) => ticketsOf(all).find((t) => t.goneAt !== null));
    expect(gone).toMatchObject({ id: filed.id, state: 'open' });
    await rows.until((all) => all.find((m) => m.type === 'ticket-summary' && m.summary.gone === 1));
    const closed = await rows.until((all) => ticketsOf(all).find((t) => t.state === 'closed'), 20_000);
    expect(closed).toMatchObject({ id: filed.id, closedBy: 'server' });
    expect(closed.revision).toBeGreaterThan(filed.revision);
    await tell(REJECTED);
    const reopened = await rows.until((all) => ticketsOf(all).find((t) => t.reopened === 1));
    expect(reopened).toMatchObject({ id: filed.id, state: 'open', closedAt: null });
    rows.ws.close();
    page.ws.close();
  });

  it('are given to somebody, prioritised, commented and closed by people, all of it on record', async () => {
    const [ticket] = (await list()).items;
    const id = ticket?.id ?? '';
    const me = (await server.ask('GET', '/api/v1/session', { cookie })).json.person as unknown as { id: string };
    const given = TicketDetail.parse(JSON.parse((await patch(id, { assignee: { personId: me.id }, priority: 'urgent' })).text));
    expect(given.ticket).toMatchObject({ assignee: { personId: me.id, name: ADMIN.name }, priority: 'urgent', priorityBy: 'person' });
    expect((await list('?assignee=me')).items.map((t) => t.id)).toEqual([id]);
    expect((await list('?assignee=none')).items).toEqual([]);
    expect((await patch(id, { assignee: { name: 'Field team' } })).json).toMatchObject({
      ticket: { assignee: { personId: null, name: 'Field team' } },
    });
    const names = await server.ask('GET', '/api/v1/ticket-assignees', { cookie });
    expect(names.json.items).toEqual([
      { personId: me.id, name: ADMIN.name },
      { personId: null, name: 'Field team' },
    ]);
    // Handed back, the priority is derived again at once.
    expect((await patch(id, { priority: null })).json).toMatchObject({ ticket: { priority: 'normal', priorityBy: 'server' } });
    const revision = (await detail(id)).ticket.revision;
    await patch(id, { assignee: { name: 'Field team' } });
    expect((await detail(id)).ticket.revision).toBe(revision);

    const key = { 'idempotency-key': randomUUID() };
    const said = { cookie, json: { text: '  Rang him:\nhe is on a train.  ' }, headers: key };
    const comment = await server.ask('POST', `/api/v1/tickets/${id}/comments`, said);
    expect(comment.status).toBe(201);
    expect(comment.json).toMatchObject({ kind: 'comment', text: 'Rang him:\nhe is on a train.', by: { kind: 'person', name: ADMIN.name } });
    expect(JSON.parse((await server.ask('POST', `/api/v1/tickets/${id}/comments`, said)).text)).toEqual(comment.json);

    const shut = await patch(id, { state: 'closed', reason: 'he gets a new phone' });
    expect(shut.json).toMatchObject({ ticket: { state: 'closed', closedBy: 'person' } });
    expect((shut.json as unknown as TicketDetail).ticket.sentence).toContain(`closed by ${ADMIN.name} {since}. he gets a new phone.`);
    expect((await patch(id, { state: 'closed', reason: 'again' })).json).toMatchObject({ status: 409, code: 'already-closed' });
    const { events } = await detail(id);
    expect(events.map((e) => [e.kind, e.from, e.to]).slice(-6)).toEqual([
      ['assignee', null, ADMIN.name],
      ['assignee', ADMIN.name, 'Field team'],
      ['priority', 'urgent', null],
      ['priority', 'urgent', 'normal'],
      ['comment', null, null],
      ['closed', null, null],
    ]);
    const audit = await server.ask('GET', `/api/v1/audit?subject=${id}`, { cookie });
    expect((audit.json.items as unknown as { action: string }[]).map((a) => a.action).slice(0, 3)).toEqual([
      'ticket.closed',
      'ticket.commented',
      'ticket.prioritised',
    ]);
  });

  it('are listed by filter, sort and page', async () => {
    const watch = await Browser.open(server.port, { cookie, origin: base() });
    watch.ws.send('{"type":"watch.tickets"}');
    await tell(UNPAIRED, [UDID, OTHER]);
    await watch.until((all) => ticketsOf(all).find((t) => t.udid === OTHER));
    await tell(MUX_DOWN, [UDID, OTHER]);
    const host = await watch.until((all) => ticketsOf(all).find((t) => t.udid === null), 25_000);
    watch.ws.close();
    expect(host).toMatchObject({ cause: 'C30', pairs: 2, priority: 'high', pairId: null, deviceName: null });
    const numbers = async (query: string) => (await list(query)).items.map((t) => t.number);
    const all = await numbers('?sort=number');
    expect(all.length).toBeGreaterThanOrEqual(3);
    expect(await numbers('?sort=-number')).toEqual([...all].reverse());
    // What came back twice is raised like what troubles two phones; equals stand in the order of their numbers.
    expect((await list()).items.map((t) => [t.number, t.priority])).toEqual([
      [1, 'high'],
      [host.number, 'high'],
      [expect.any(Number), 'normal'],
    ]);
    expect(await numbers('?priority=high,urgent')).toEqual([1, host.number]);
    expect(await numbers('?cause=C30')).toEqual([host.number]);
    expect(await numbers(`?q=%23${host.number}`)).toEqual([host.number]);
    expect(await numbers('?q=phone%20service')).toEqual([host.number]);
    expect(await numbers(`?host=${randomUUID()}`)).toEqual([]);
    expect(await numbers(`?host=${hostId}&sort=number`)).toEqual(all);
    const other = (await list(`?sort=number&state=open`)).items.find((t) => t.udid === OTHER);
    expect(await numbers(`?pair=${other?.pairId}&sort=number`)).toEqual([other?.number, host.number].sort((a, b) => Number(a) - Number(b)));
    for (const sort of ['priority', '-priority', 'number', '-openedAt', 'changedAt', '-changedAt']) {
      const whole = await numbers(`?sort=${sort}`);
      const seen: number[] = [];
      for (let next: string | null = null, first = true; first || next !== null; first = false) {
        const page: Awaited<ReturnType<typeof list>> = await list(`?sort=${sort}&limit=1${next === null ? '' : `&after=${next}`}`);
        seen.push(...page.items.map((t) => t.number));
        next = page.next;
      }
      expect([sort, seen]).toEqual([sort, whole]);
    }
  });

  it.each([
    ['GET', '?state=perhaps', undefined, 'state[0]'],
    ['GET', '?priority=p1', undefined, 'priority[0]'],
    ['GET', '?sort=colour', undefined, 'sort'],
    ['GET', '?assignee=you', undefined, 'assignee'],
    ['GET', '?cause=sick', undefined, 'cause'],
    ['PATCH', '/ID', {}, 'priority'],
    ['PATCH', '/ID', { priority: 'p1' }, 'priority'],
    ['PATCH', '/ID', { state: 'open' }, 'state'],
    ['PATCH', '/ID', { state: 'closed' }, 'reason'],
    ['PATCH', '/ID', { reason: 'because' }, 'reason'],
    ['PATCH', '/ID', { assignee: {} }, 'assignee.personId'],
    ['PATCH', '/ID', { assignee: { name: ' ' } }, 'assignee.name'],
    ['PATCH', '/ID', { assignee: { personId: randomUUID() } }, 'assignee.personId'],
    ['PATCH', '/ID', { title: 'mine' }, 'title'],
    ['POST', '/ID/comments', { text: ' ' }, 'text'],
    ['POST', '/ID/comments', { text: 'x'.repeat(4001) }, 'text'],
  ])('%s /tickets%s is refused and names the field', async (method, path, json, field) => {
    const [ticket] = (await list()).items;
    const answer = await server.ask(method, `/api/v1/tickets${path.replace('ID', ticket?.id ?? '')}`, {
      cookie,
      ...(json === undefined ? {} : { json }),
    });
    expect([answer.status, answer.json.errors]).toEqual([400, expect.arrayContaining([{ field, message: expect.any(String) }])]);
  });

  it('are looked at by viewers and changed by technicians', async () => {
    const [ticket] = (await list()).items;
    const made = await server.ask('POST', '/api/v1/api-tokens', { cookie, json: { name: 'eyes', role: 'viewer' } });
    const token = String(made.json.secret);
    const path = `/api/v1/tickets/${ticket?.id}`;
    expect((await server.ask('GET', path, { token })).status).toBe(200);
    expect((await server.ask('GET', '/api/v1/tickets?assignee=me', { token })).json).toEqual({ items: [], next: null });
    expect((await server.ask('PATCH', path, { token, json: { priority: 'low' } })).status).toBe(403);
    expect((await server.ask('POST', `${path}/comments`, { token, json: { text: 'hm' } })).status).toBe(403);
    expect((await server.ask('GET', '/api/v1/ticket-assignees', { token })).status).toBe(403);
    expect((await server.ask('GET', path)).status).toBe(401);
    expect((await server.ask('GET', `/api/v1/tickets/${randomUUID()}`, { cookie })).json).toMatchObject({ code: 'not-found' });
    expect((await patch(randomUUID(), { priority: 'low' })).json).toMatchObject({ code: 'not-found' });
  });
});
