import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newEpoch, TestAgent } from '../test/agent.js';
import { enrolled } from '../test/enrolled.js';
import { facts, UNPAIRED } from '../test/readings.js';
import { startTestServer, type TestServer } from '../test/server.js';
import { Metrics } from './platform/index.js';

describe('metrics', () => {
  it('keep every label to its list, whatever is told', async () => {
    const metrics = new Metrics(false);
    const counter = metrics.counter('taken_total', 'Taken', { fix: ['F08', 'F11'] });
    for (let i = 0; i < 1_000; i++) counter.add({ fix: `F${i}"\n} 1` });
    counter.add({ fix: 'F11' }, 2);
    metrics.gauge('there', 'There', { kind: ['a'] }, () => [
      [{ kind: 'a' }, 1],
      [{ kind: 'x' }, 2],
      [{ kind: 'y' }, 3],
      [{ kind: null }, 4],
    ]);
    const lines = (await metrics.text()).split('\n').filter((l) => l !== '' && !l.startsWith('#'));
    expect(lines).toEqual([
      'taken_total{fix="F08"} 0',
      'taken_total{fix="F11"} 2',
      'taken_total{fix="other"} 1000',
      'there{kind="a"} 1',
      'there{kind="other"} 5',
      'there{kind=""} 4',
    ]);
  });

  it('leave out what cannot be read now, and tell the rest', async () => {
    const metrics = new Metrics(false);
    metrics.gauge('away', 'Away', { kind: ['a'] }, () => Promise.reject(new Error('no database')));
    metrics.gauge('here', 'Here', { kind: ['a'] }, () => [[{ kind: 'a' }, 1]]);
    const text = await metrics.text();
    expect(text).toContain('here{kind="a"} 1');
    expect(text).not.toMatch(/^away/m);
  });
});

describe('GET /metrics', () => {
  let server: TestServer;
  let cookie: string;
  beforeAll(async () => {
    server = await startTestServer();
    cookie = await server.signIn();
  });
  afterAll(() => server.end());

  const text = async (): Promise<string> => (await server.ask('GET', '/metrics')).text;
  /** The number of one line; null when there is no such line. */
  const value = async (line: string): Promise<number | null> => {
    const found = (await text()).split('\n').find((l) => l.startsWith(`${line} `));
    return found === undefined ? null : Number(found.slice(line.length + 1));
  };
  const until = async (line: string, n: number): Promise<void> => {
    for (const end = Date.now() + 10_000; (await value(line)) !== n; await new Promise((r) => setTimeout(r, 50)))
      if (Date.now() > end) throw new Error(`${line} is ${await value(line)}, not ${n}`);
  };

  it('is text for Prometheus, to programs of this computer and to tokens', async () => {
    const local = await server.ask('GET', '/metrics');
    expect([local.status, local.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    for (const line of local.text.split('\n').filter((l) => l !== ''))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\\]*",?)*\})? (\d[\d.e+-]*|\+Inf|NaN))$/);
    const away = { 'x-forwarded-for': '192.0.2.7' };
    expect((await server.ask('GET', '/metrics', { headers: away })).status).toBe(401);
    const made = await server.ask('POST', '/api/v1/api-tokens', { cookie, json: { name: 'prometheus', role: 'viewer' } });
    expect((await server.ask('GET', '/metrics', { headers: away, token: String(made.json.secret) })).status).toBe(200);
  });

  it('are those that docs/api.md lists', async () => {
    const listed = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8').match(/`lockstep_\w+/g) ?? [];
    const told = (await text()).match(/^# TYPE (lockstep_\w+)/gm) ?? [];
    expect([...new Set(listed)].map((l) => l.slice(1)).sort()).toEqual(told.map((l) => l.split(' ')[2]).sort());
  });

  it('counts pairs, findings, messages and runs as they come', async () => {
    const agent = await TestAgent.connect(server.url, await enrolled(server, cookie, 'lnx-0231'));
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(UNPAIRED) }));
    await until('lockstep_pairs{presence="attached",health="broken"}', 1);
    expect(await value('lockstep_findings_open{cause="C40",layer="trust",subject="pair"}')).toBe(1);
    expect(await value('lockstep_hosts_connected')).toBe(1);
    expect(await value('lockstep_hosts{state="enrolled"}')).toBe(1);
    expect(await value('lockstep_messages_total{outcome="recorded"}')).toBe(1);
    expect(await value('lockstep_ack_seconds_count')).toBe(1);
    expect(await value('lockstep_ingest_batch_messages_count')).toBe(1);
    expect(await value('lockstep_up{part="queue"}')).toBe(1);
    const pairs = JSON.parse((await server.ask('GET', '/api/v1/pairs', { cookie })).text) as { items: { id: string }[] };
    await server.ask('POST', '/api/v1/fix-runs', { cookie, json: { pairId: pairs.items[0]?.id, fix: 'F11' } });
    await agent.next('order');
    await until('lockstep_orders_sent_total{fix="F11"}', 1);
    expect(await value('lockstep_fix_runs{fix="F11",state="sent",verdict=""}')).toBe(1);
    const run = JSON.parse((await server.ask('GET', '/api/v1/fix-runs', { cookie })).text) as { items: { id: string }[] };
    await agent.acked(agent.tell({ type: 'fix.refused', runId: run.items[0]?.id, reason: 'unknown-fix' }));
    expect(await value('lockstep_orders_refused_total{reason="unknown-fix"}')).toBe(1);
    await until('lockstep_fix_runs{fix="F11",state="refused",verdict=""}', 1);
    expect(await value('lockstep_sign_ins_refused_total{reason="unknown-address"}')).toBe(0);
    await server.ask('POST', '/api/v1/session', { json: { email: 'nobody@example.org', password: 'x'.repeat(12) } });
    expect(await value('lockstep_sign_ins_refused_total{reason="unknown-address"}')).toBe(1);
    expect(await value('lockstep_http_request_seconds_count{method="POST",status="4xx"}')).toBeGreaterThan(0);
    for (const end = Date.now() + 10_000; !((await value('lockstep_sweep_seconds_count{sweep="due"}')) ?? 0); )
      if (Date.now() > end) throw new Error('no sweep');
    await agent.close();
    await until('lockstep_hosts_connected', 0);
  });

  it('does not grow by what a hostile agent invents, and names nobody', async () => {
    const host = await enrolled(server, cookie, 'hostile-host-name');
    const agent = await TestAgent.connect(server.url, host);
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts() }));
    const shapes = (t: string) => new Set(t.split('\n').map((l) => l.replace(/ [^ ]*$/, '')));
    const before = shapes(await text());
    const udids = Array.from({ length: 40 }, (_, i) => `00008110-0011223344${String(i).padStart(6, '0')}`);
    await agent.acked(agent.tell({ type: 'facts', full: false, facts: facts({}, { udids }) }));
    for (let i = 0; i < 20; i++) agent.tell({ type: `invented-${i}`, word: `w${i}` });
    agent.tell({ type: 'fix.refused', runId: null, reason: 'my own reason' });
    await agent.acked(agent.tell({ type: 'fix.progress', runId: host.hostId, stage: 'hacking', awaiting: null }));
    await agent.close();
    const again = await TestAgent.connect(server.url, { ...host, hostname: 'another"name\n' }, { epoch: newEpoch() });
    await again.acked(again.tell({ type: 'facts', full: true, facts: facts({}, { udids }) }));
    const after = await text();
    await again.close();
    expect(await value('lockstep_messages_total{outcome="ignored"}')).toBe(20);
    expect(await value('lockstep_messages_total{outcome="quarantined"}')).toBe(2);
    // Sweeps come by themselves, under names of ours; their first time may fall between the two looks.
    const byItself = /^nodejs_|^lockstep_(pairs|findings_open)\{|^lockstep_sweep_seconds/;
    const grown = [...shapes(after)].filter((l) => !before.has(l) && !byItself.test(l));
    expect(grown).toEqual([]);
    for (const word of [...udids, 'invented', 'my own reason', 'hacking', 'hostile-host-name', 'another', host.hostId, 'iPhone'])
      expect(after).not.toContain(word);
  });
});
