import { readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../apps/server/test/server.js';
import { enrol, keyOf, SpecAgent } from './spec-agent.mjs';
import { HOST, PageServer, phone, UDID, until, vectors } from './test/page-server.js';
import { Wire } from './test/wire.js';

const ORDER = keyOf(vectors.keys.order.seed);
const NEVER: Record<string, never> = {};

describe('the agent itself', () => {
  const source = readFileSync(new URL('./spec-agent.mjs', import.meta.url), 'utf8');

  it('has at most 200 lines, comments counted', () => {
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(200);
    expect(Math.max(...source.split('\n').map((line) => line.length))).toBeLessThanOrEqual(150);
  });

  it('imports node: modules and ws, and nothing else', () => {
    const imported = [...source.matchAll(/\bfrom\s*['"]([^'"]+)['"]|\bimport\s*['"]([^'"]+)['"]/g)].map((m) => m[1] ?? m[2]);
    expect(imported).toContain('ws');
    expect(imported.filter((name) => name !== 'ws' && !name?.startsWith('node:'))).toEqual([]);
    expect(source).not.toMatch(/\bimport\s*\(|\brequire\b|createRequire/);
  });
});

describe('against a server written from the page', () => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function started(fixes: ConstructorParameters<typeof SpecAgent>[0]['fixes'] = NEVER) {
    const server = await PageServer.start();
    const dir = await mkdtemp(join(tmpdir(), 'spec-agent-'));
    const file = join(dir, 'identity.json');
    await enrol({ server: server.url, token: server.token, file, host: HOST });
    let facts = phone('refused');
    let agent = new SpecAgent({ file, read: async () => facts, fixes, host: HOST });
    ends.push(
      () => rm(dir, { recursive: true }),
      () => server.stop(),
      () => agent.stop(),
    );
    agent.start();
    const restart = async () => {
      await agent.stop();
      agent = new SpecAgent({ file, read: async () => facts, fixes, host: HOST });
      agent.start();
    };
    return { server, agent, file, restart, setFacts: (next: typeof facts) => void (facts = next) };
  }

  it('ENR-1 ENR-4 ENR-5 keeps nothing of a server that is not the one the token names', async () => {
    const server = await PageServer.start();
    const dir = await mkdtemp(join(tmpdir(), 'spec-agent-'));
    ends.push(
      () => rm(dir, { recursive: true }),
      () => server.stop(),
    );
    const file = join(dir, 'identity.json');
    const token = `${server.token.slice(0, -43)}${'A'.repeat(43)}`;
    await expect(enrol({ server: server.url, token, file, host: HOST })).rejects.toThrow('not the one');
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    expect(Object.keys(kept)).toEqual(['seed']);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    await enrol({ server: server.url, token: server.token, file, host: HOST });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      seed: kept.seed,
      hostId: server.hostId,
      orderKey: server.orderKey.publicKey,
    });
  });

  it('FACT-3 FACT-4 SEQ-2 a whole picture, then still, then what changed', async () => {
    const { server, agent, setFacts } = await started();
    const first = await server.message('facts');
    expect(first).toMatchObject({ seq: 1, full: true, epoch: server.last.hello.epoch });
    expect(first.facts).toHaveLength(phone('refused').length);
    await agent.look();
    expect(await server.message('still')).toMatchObject({ seq: 2, except: [] });
    setFacts(phone('accepted'));
    await agent.look();
    expect(await server.message('facts', 1)).toMatchObject({ seq: 3, full: true });
  });

  it('SEQ-6 sends again what was not acknowledged, with its old number, and nothing else', async () => {
    const { server, agent } = await started();
    await server.message('facts');
    await agent.look();
    const before = await server.message('still');
    server.acked = 1; // the second was committed by nobody
    server.drop();
    await until(() => server.connections.length === 2 && server.last.messages.length > 0, 'a second connection');
    expect(server.last.hello).toMatchObject({ epoch: server.connections[0]!.hello.epoch });
    expect(server.last.hello.nonce).not.toBe(server.connections[0]!.hello.nonce);
    expect(server.last.messages[0]).toEqual(before);
  });

  it('SEQ-5 what the welcome says was committed is not sent again', async () => {
    const { server, agent } = await started();
    await server.message('facts');
    await agent.look();
    await server.message('still');
    server.acked = 2;
    server.drop();
    await until(() => server.connections.length === 2 && server.last.messages.length > 0, 'a second connection');
    expect(server.last.messages[0]).toMatchObject({ type: 'still', seq: 3 });
  });

  it.each([
    ['the spool was set back', 99],
    ['the server was set back', 0],
  ])('SEQ-8 begins a new epoch when %s, and carries receipts over', async (_why, acked) => {
    const { server } = await started();
    await server.message('facts');
    server.ack(1);
    server.order({ signature: ORDER.sign('order', 'something else') });
    await server.message('fix.refused');
    server.acked = acked;
    server.drop();
    await until(() => server.connections.length === 2, 'a second connection');
    server.acked = 0;
    await until(() => server.connections.length === 3 && server.last.messages.length > 1, 'a third connection');
    expect(server.connections[1]!.closeCode).toBe(1000);
    expect(server.connections[1]!.messages).toEqual([]);
    const { hello, messages } = server.last;
    expect(hello.epoch).not.toBe(server.connections[0]!.hello.epoch);
    expect(messages[0]).toMatchObject({ type: 'fix.refused', epoch: hello.epoch, seq: 1, reason: 'bad-signature', runId: null });
    expect(messages[1]).toMatchObject({ type: 'facts', epoch: hello.epoch, seq: 2, full: true });
  });

  it('HS-4 sends no proof to a server that cannot sign', async () => {
    const { server } = await started();
    await server.message('facts');
    server.signWith = keyOf(vectors.keys.foreign.seed);
    server.drop();
    await until(() => server.connections[1]?.closeCode !== undefined, 'a second connection that ended');
    expect(server.last.proof).toBeUndefined();
    expect(server.last.messages).toEqual([]);
  });

  it('MSG-4 WIRE-3 closes with 4400 on what is no message, and ignores what it does not know', async () => {
    for (const frame of ['[]', 'no JSON', JSON.stringify({ type: 'ack', seq: 4 }), Buffer.from('{}')]) {
      const { server } = await started();
      await server.message('facts');
      server.last.ws.send(JSON.stringify({ type: 'weather', is: 'fine' }));
      server.last.ws.send(frame, { binary: typeof frame !== 'string' });
      await until(() => server.connections[0]!.closeCode !== undefined, 'the close');
      expect(server.connections[0]!.closeCode).toBe(4400);
    }
  });

  it('SEQ-9 hangs up on an ack of what it never sent', async () => {
    const { server } = await started();
    await server.message('facts');
    server.ack(2);
    await until(() => server.connections[0]!.closeCode !== undefined, 'the end');
  });

  it('RUN-3 RUN-4 ORD-9 ORD-12 carries an order out once and tells fresh facts', async () => {
    let finish = () => {};
    const asked: string[] = [];
    const { server, setFacts } = await started({
      F12: async (order, progress) => {
        asked.push(order.runId);
        progress('acting');
        await new Promise<void>((resolve) => (finish = resolve));
        setFacts(phone('accepted'));
        return { mechanics: 'done' };
      },
    });
    await server.message('facts');
    const runId = server.order({ fix: 'F12', udid: UDID });
    expect(await server.message('fix.received')).toMatchObject({ runId });
    expect(await server.message('fix.progress')).toMatchObject({ runId, stage: 'acting', awaiting: null });
    const other = server.order({ fix: 'F12', udid: UDID });
    expect(await server.message('fix.refused')).toMatchObject({ runId: other, reason: 'busy' });
    server.order({ fix: 'F12', udid: UDID, runId });
    expect(await server.message('fix.refused', 1)).toMatchObject({ runId, reason: 'replayed' });
    server.order({ fix: 'F11', udid: UDID });
    expect(await server.message('fix.refused', 2)).toMatchObject({ reason: 'unknown-fix' });
    finish();
    const settled = await server.message('fix.settled');
    expect(settled).toMatchObject({ runId, mechanics: 'done', detail: null });
    expect(settled.facts).toContainEqual(
      expect.objectContaining({ kind: 'trust-session', reading: { outcome: 'accepted', error: null, code: null } }),
    );
    server.order({ fix: 'F12', udid: UDID, runId });
    expect(await server.message('fix.refused', 3)).toMatchObject({ runId, reason: 'replayed' });
    expect(asked).toEqual([runId]);
  });

  it('RUN-5 settles as unknown, once, what it finds without an end after a start', async () => {
    const F12 = () => new Promise<never>(() => {});
    const { server, file, restart } = await started({ F12 });
    await server.message('facts');
    const runId = server.order();
    await server.message('fix.received');
    await restart();
    const epochs = () => new Set(server.connections.map(({ hello }) => hello.epoch)).size;
    await until(() => epochs() === 2, 'the second life');
    expect(await server.message('fix.settled')).toMatchObject({
      runId,
      mechanics: 'unknown',
      facts: expect.arrayContaining([expect.objectContaining({ kind: 'lockdown' })]),
    });
    server.order({ runId });
    expect(await server.message('fix.refused')).toMatchObject({ runId, reason: 'replayed' });
    await restart();
    await until(() => epochs() === 3, 'the third life');
    await server.message('facts');
    expect(server.last.messages.map(({ type }) => type)).toEqual(['facts']);
    expect(readFileSync(`${file}.runs`, 'utf8')).toContain(runId);
  });

  it('ORD-13 refuses a run that it cannot write down', async () => {
    let asked = 0;
    const { server, file } = await started({ F12: async () => (asked++, { mechanics: 'done' }) });
    await server.message('facts');
    await mkdir(`${file}.runs`);
    const runId = server.order();
    expect(await server.message('fix.refused')).toMatchObject({ runId, reason: 'no-journal' });
    expect(asked).toBe(0);
  });
});

describe('against the real server', () => {
  let server: TestServer;
  let cookie: string;
  beforeAll(async () => {
    server = await startTestServer();
    cookie = await server.signIn();
  }, 60_000);
  afterAll(() => server?.end());

  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const post = async (path: string, json: object) => {
    const answer = await server.ask('POST', path, { cookie, json });
    if (answer.status >= 300) throw new Error(`${path} was answered ${answer.status}: ${answer.text}`);
    return JSON.parse(answer.text);
  };
  const find = async (path: string, isIt: (item: Record<string, unknown>) => boolean): Promise<Record<string, unknown> | undefined> =>
    JSON.parse((await server.ask('GET', path, { cookie })).text).items.find(isIt);
  const pairOf = (hostName: string, health: string) =>
    until(
      () => find('/api/v1/pairs', (pair) => pair.hostName === hostName && pair.health === health),
      `a pair of ${hostName} that is ${health}`,
    );
  const over = (id: string, withinMs = 60_000) =>
    until(
      () => find('/api/v1/fix-runs', (run) => run.id === id && ['judged', 'expired', 'refused', 'cancelled'].includes(String(run.state))),
      'the end of the run',
      withinMs,
    );

  /** A host that is enrolled over a wire of its own, with a phone that has forgotten it. */
  async function hosted(hostname: string) {
    const wire = await Wire.to(server.port);
    const dir = await mkdtemp(join(tmpdir(), 'spec-agent-'));
    const file = join(dir, 'identity.json');
    const host = { ...HOST, hostname };
    const { token } = await post('/api/v1/enrolment-tokens', {});
    await enrol({ server: wire.url, token, file, host });
    ends.push(
      () => rm(dir, { recursive: true }),
      () => wire.end(),
    );
    const state = { facts: phone('refused'), asked: 0, log: [] as string[] };
    const start = (acting: () => Promise<unknown>) => {
      const agent = new SpecAgent({
        file,
        host,
        read: async () => state.facts,
        log: (line) => state.log.push(line),
        fixes: {
          F12: async (order, progress) => {
            state.asked++;
            progress('acting');
            await acting();
            state.facts = order.udid === UDID ? phone('accepted') : state.facts;
            return { mechanics: 'done' };
          },
        },
      });
      ends.push(() => agent.stop());
      agent.start();
      return agent;
    };
    return { wire, state, start };
  }
  const atOnce = async () => {};

  it('enrols, reports a refused pair, is ordered F12, and the run is judged cured', async () => {
    const { state, start } = await hosted('lnx-0417');
    const began = Date.now();
    const agent = start(atOnce);
    const pair = await pairOf('lnx-0417', 'broken');
    expect(pair).toMatchObject({ udid: UDID, connected: true, presence: 'attached', primary: { cause: 'C44' } });
    const foundS = (Date.now() - began) / 1_000;

    const asked = Date.now();
    const { id } = await post('/api/v1/fix-runs', { pairId: pair.id, fix: 'F12' });
    const run = await over(id);
    const judgedS = (Date.now() - asked) / 1_000;
    expect(run).toMatchObject({ state: 'judged', mechanics: 'done', verdict: 'cured', fix: 'F12', cause: 'C44', udid: UDID });
    expect(run.receivedAt).not.toBeNull();
    expect((await pairOf('lnx-0417', 'healthy')).primary).toBeNull();

    const seenAt = async () => Date.parse(String((await pairOf('lnx-0417', 'healthy')).seenAt));
    await agent.look(); // the picture that the fix made new
    const before = await seenAt();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await agent.look(); // still
    await until(async () => (await seenAt()) > before, 'a later look at the pair');
    await agent.stop();
    expect(state).toMatchObject({ asked: 1, log: [] });
    process.stdout.write(
      `spec-agent: C44 was seen ${foundS.toFixed(1)} s after the start, F12 was judged ${run.verdict} ${judgedS.toFixed(1)} s after it was asked for\n`,
    );
  }, 120_000);

  it('settles over a second connection when the first breaks in the middle of a run', async () => {
    const { wire, state, start } = await hosted('lnx-0418');
    start(async () => wire.cut());
    const { id } = await post('/api/v1/fix-runs', { pairId: (await pairOf('lnx-0418', 'broken')).id, fix: 'F12' });
    expect(await over(id)).toMatchObject({ state: 'judged', mechanics: 'done', verdict: 'cured' });
    expect(state.asked).toBe(1);
    expect(state.log).toHaveLength(1);
  }, 120_000);

  it('RUN-5 RUN-7 never repeats a run whose agent died before its receipt got out', async () => {
    const { wire, state, start } = await hosted('lnx-0419');
    const first = start(() => new Promise(() => {}));
    const pair = await pairOf('lnx-0419', 'broken');
    wire.isLosing = true;
    const { id } = await post('/api/v1/fix-runs', { pairId: pair.id, fix: 'F12' });
    await until(() => state.asked === 1, 'the order');
    wire.cut();
    await first.stop();
    wire.isLosing = false;
    start(atOnce);
    const run = await over(id, 110_000);
    expect(run).toMatchObject({ state: 'judged', mechanics: 'unknown' });
    expect(run.verdict).not.toBe('cured');
    expect(state.asked).toBe(1);
  }, 150_000);
});
