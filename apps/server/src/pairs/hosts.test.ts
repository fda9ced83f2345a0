import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HostRow, page, RunView } from '@lockstep/core/protocol';
import { type AgentIdentity, TestAgent, TestKey } from '../../test/agent.js';
import { askToEnrol, enrolled } from '../../test/enrolled.js';
import { facts, MUX_DOWN, UNPAIRED } from '../../test/readings.js';
import { startTestServer, type TestServer } from '../../test/server.js';

const Hosts = page(HostRow);

describe('hosts', () => {
  let server: TestServer;
  let cookie: string;
  let id: AgentIdentity;
  let agent: TestAgent;
  beforeAll(async () => {
    server = await startTestServer();
    cookie = await server.signIn();
    id = await enrolled(server, cookie, 'lnx-0231');
    agent = await TestAgent.connect(server.url, id);
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(UNPAIRED) }));
    await enrolled(server, cookie, 'lnx-0400');
  });
  afterAll(async () => {
    agent?.ws.terminate();
    await server.end();
  });

  const list = async (query = ''): Promise<HostRow[]> =>
    Hosts.parse(JSON.parse((await server.ask('GET', `/api/v1/hosts${query}`, { cookie })).text)).items;
  const names = async (query: string) => (await list(query)).map((h) => h.name);

  it('tell version, epoch, presence and since when', async () => {
    const [first, second] = await list();
    expect(first).toMatchObject({
      name: 'lnx-0231',
      agent: '0.1.0',
      os: 'linux',
      osVersion: 'Debian 12',
      connected: true,
      epoch: agent.epoch,
      epochs: 1,
      pairs: 1,
      openFindings: 1,
      causes: [],
    });
    expect(Date.parse(first?.connectedAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(second).toMatchObject({
      name: 'lnx-0400',
      connected: false,
      connectedAt: null,
      epoch: null,
      epochs: 0,
      lastContactAt: null,
      health: 'unknown',
    });
  });

  it('are found by what people look for', async () => {
    expect(await names('?connected=true')).toEqual(['lnx-0231']);
    expect(await names('?connected=false')).toEqual(['lnx-0400']);
    expect(await names('?os=linux&agent=0.1.0&sort=-name')).toEqual(['lnx-0400', 'lnx-0231']);
    expect(await names('?os=windows')).toEqual([]);
    expect(await names('?q=debian')).toEqual(['lnx-0231', 'lnx-0400']);
    expect(await names('?q=0400')).toEqual(['lnx-0400']);
    expect(await names('?q=%25')).toEqual([]);
    expect(await names('?revoked=true')).toEqual([]);
    for (const [query, field] of [
      ['?connected=perhaps', 'connected'],
      ['?os=amiga', 'os'],
      ['?cause=X1', 'cause'],
    ] as const) {
      const refused = await server.ask('GET', `/api/v1/hosts${query}`, { cookie });
      expect([query, refused.status, JSON.parse(refused.text).errors[0].field]).toEqual([query, 400, field]);
    }
  });

  it('show what is wrong with the computer itself, not with its phones', async () => {
    const broken = await enrolled(server, cookie, 'lnx-0500');
    const other = await TestAgent.connect(server.url, broken);
    const at = new Date(Date.now() - 60_000);
    await other.acked(other.tell({ type: 'facts', full: true, facts: facts(MUX_DOWN, { at: new Date() }) }, at));
    for (const end = Date.now() + 20_000; (await names('?cause=C30')).length === 0; await new Promise((r) => setTimeout(r, 200)))
      if (Date.now() > end) throw new Error('C30 never opened');
    expect((await list('?cause=C30'))[0]?.causes).toEqual([{ cause: 'C30', title: 'Phone service is down', health: 'broken' }]);
    await other.close();
  }, 40_000);

  it('that are revoked are cut off, their runs end, their key never comes back, and a new key makes a new host', async () => {
    const pairs = JSON.parse((await server.ask('GET', `/api/v1/pairs?host=${id.hostId}`, { cookie })).text) as { items: { id: string }[] };
    const offline = await enrolled(server, cookie, 'lnx-0600');
    const away = await TestAgent.connect(server.url, offline);
    await away.acked(away.tell({ type: 'facts', full: true, facts: facts(UNPAIRED, { udids: ['00008110-0055223344556677'] }) }));
    await away.close();
    const its = JSON.parse((await server.ask('GET', `/api/v1/pairs?host=${offline.hostId}`, { cookie })).text) as {
      items: { id: string }[];
    };
    const ask = async (pairId: string | undefined) =>
      RunView.parse(JSON.parse((await server.ask('POST', '/api/v1/fix-runs', { cookie, json: { pairId, fix: 'F11' } })).text));
    const sent = await ask(pairs.items[0]?.id);
    await agent.next('order');
    const queued = await ask(its.items[0]?.id);
    for (const hostId of [id.hostId, offline.hostId])
      expect((await server.ask('DELETE', `/api/v1/hosts/${hostId}`, { cookie })).status).toBe(204);
    expect(await agent.closed).toEqual({ code: 4403, reason: 'revoked' });
    const run = async (runId: string) => RunView.parse(JSON.parse((await server.ask('GET', `/api/v1/fix-runs/${runId}`, { cookie })).text));
    for (
      const end = Date.now() + 15_000;
      (await run(sent.id)).state === 'sent' || (await run(queued.id)).state === 'queued';
      await new Promise((r) => setTimeout(r, 50))
    )
      if (Date.now() > end) throw new Error('the runs did not end');
    // Of one that was sent nobody can say whether it acted; one that was not did not.
    expect(await run(sent.id)).toMatchObject({ state: 'judged', verdict: 'unknown', mechanics: 'unknown', detail: 'host-revoked' });
    expect(await run(queued.id)).toMatchObject({ state: 'cancelled', detail: 'host-revoked' });
    const refused = await server.ask('POST', '/api/v1/fix-runs', { cookie, json: { pairId: pairs.items[0]?.id, fix: 'F11' } });
    expect([refused.status, refused.json.code]).toEqual([409, 'revoked']);
    expect(await names('?revoked=true')).toEqual(['lnx-0231', 'lnx-0600']);
    expect((await list('?revoked=true'))[0]).toMatchObject({ connected: false, revokedAt: expect.any(String) });

    const again = await askToEnrol(server, cookie, 'lnx-0231', id.key);
    expect([again.status, again.json.code]).toEqual([403, 'host-revoked']);
    const anew = await enrolled(server, cookie, 'lnx-0231', new TestKey());
    expect(anew.hostId).not.toBe(id.hostId);
    expect(await names('?q=0231&revoked=false')).toEqual(['lnx-0231']);
    const back = await TestAgent.connect(server.url, anew);
    await back.acked(back.tell({ type: 'facts', full: true, facts: facts() }));
    await back.close();
    const audit = JSON.parse((await server.ask('GET', '/api/v1/audit?action=host.revoked', { cookie })).text) as {
      items: { actor: { name: string } }[];
    };
    expect(audit.items.map((a) => a.actor.name)).toEqual(['Ada Admin', 'Ada Admin']);
  });
});
