import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { judgePhone, STALE_MS } from '@lockstep/core/software';
import { ManualClock } from '../../test/clock.js';
import { freshDatabase, type TestDatabase } from '../../test/database.js';
import { FeedServer, type FeedWorld } from '../../test/feeds.js';
import { TECHNICIAN } from '../../test/rooms.js';
import { Audit } from '../access/index.js';
import { ALONE, Bus, createLog, Database, Metrics } from '../platform/index.js';
import { Authorities } from './authorities.js';
import { readBundled } from './bundled.js';
import { FeedReader } from './feed-reader.js';
import { FeedRows } from './feed-rows.js';
import { measureSoftware, Software } from './index.js';
import { paceOf } from './software.js';

const HOUR = 3_600_000;
const LIMITS = { timeoutMs: 300, bytes: 50_000, redirects: 3 };
const CLOCK_AT = Date.UTC(2026, 9, 26, 12);
const WORLD: FeedWorld = { ios: '26.7.1', build: '23H30', macos: '26.7.1', lastCheck: '2026-10-26T10:00:00Z' };
const PHONE = { productType: 'iPhone14,5', productVersion: '26.6.1', buildVersion: '23G83' };

describe('what is known of released software', () => {
  let testDatabase: TestDatabase;
  let database: Database;
  let feeds: FeedServer;
  const logged: string[] = [];
  const log = createLog('debug', { write: (line) => void logged.push(line) });
  const open: Software[] = [];
  let clock: ManualClock;
  beforeAll(async () => {
    testDatabase = await freshDatabase();
    database = new Database(testDatabase.url, { connections: 4, log });
  });
  beforeEach(async () => {
    clock = new ManualClock(CLOCK_AT);
    feeds = await FeedServer.start(WORLD);
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.stop();
    await feeds.close();
    await database.pool.query('DELETE FROM software_feed');
    logged.splice(0);
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.drop();
  });

  function software(options: { online?: boolean; bus?: Bus; leads?: boolean } = {}): Software {
    const rows = new FeedRows(database, log);
    const bus = options.bus ?? new Bus(log);
    const settings = {
      online: options.online ?? true,
      everyMs: 6 * HOUR,
      gdmf: new URL(`${feeds.url}/pmv`),
      sofa: new URL(`${feeds.url}/v2/`),
      caFile: null,
    };
    const reader = new FeedReader({ rows, settings, authorities: new Authorities(null), clock, log, limits: LIMITS });
    const made = new Software({
      rows,
      reader,
      bundled: readBundled(),
      settings,
      leader: options.leads === false ? { isLeader: false } : ALONE,
      audit: new Audit(database, clock, log),
      bus,
      clock,
      log,
    });
    open.push(made);
    return made;
  }
  const feedOf = (s: Software, feed: string) => s.view().feeds.find((f) => f.feed === feed);
  const part = async (feed: string) =>
    JSON.stringify((await database.pool.query('SELECT part FROM software_feed WHERE feed = $1', [feed])).rows[0]);

  it('comes with the server, is old, and judges nothing', () => {
    const s = software();
    const view = s.view();
    expect(view.feeds.map((f) => [f.feed, f.bundled, f.fetchedAt, f.failure])).toEqual([
      ['gdmf', true, null, null],
      ['sofa-ios', true, null, null],
      ['sofa-macos', true, null, null],
    ]);
    expect(view.newest.ios.length).toBeGreaterThan(3);
    expect(view.pc.length).toBeGreaterThan(1);
    expect(s.staleSince).toBe(Date.parse(view.feeds[0]?.checkedAt ?? '') + STALE_MS);
    expect(judgePhone(s.catalogue, PHONE, clock.now()).status).toBe('feed-stale');
  });

  it('is read, stored, and judged by; what has not changed is asked for by its mark', async () => {
    const s = software();
    let changes = 0;
    s.onChange(() => void (changes += 1));
    expect(await s.readNow()).toEqual({ gdmf: 'new', 'sofa-ios': 'new', 'sofa-macos': 'new' });
    expect(judgePhone(s.catalogue, PHONE, clock.now())).toMatchObject({
      status: 'behind-minor',
      by: 'gdmf',
      model: 'iPhone 13',
      latest: { version: '26.7.1' },
      since: '2026-08-17',
      exploited: ['CVE-2026-20700'],
    });
    expect([changes, s.staleSince]).toEqual([1, null]);
    clock.advance(6 * HOUR);
    expect(await s.readNow()).toEqual({ gdmf: 'same', 'sofa-ios': 'same', 'sofa-macos': 'same' });
    expect(feeds.asked.slice(3).map((a) => a.etag)).toEqual(['"26.7.1 26.7.1"', `"${WORLD.lastCheck}"`, `"${WORLD.lastCheck}"`]);
    // Apple's answer was looked at again; SOFA has not looked at Apple's pages since.
    expect(feedOf(s, 'gdmf')).toMatchObject({ checkedAt: clock.iso(), fetchedAt: clock.iso(), bundled: false });
    expect(feedOf(s, 'sofa-ios')).toMatchObject({ checkedAt: '2026-10-26T10:00:00.000Z', fetchedAt: clock.iso() });
    expect(s.view().newest).toMatchObject({ ios: [{ version: '26.7.1' }, { version: '16.7.16' }], macos: [{ version: '26.7.1' }] });
  });

  it('is read anew when its mark has changed', async () => {
    const s = software();
    await s.readNow();
    feeds.world = { ...WORLD, ios: '26.8', build: '23I1', lastCheck: '2026-10-26T11:00:00Z' };
    expect(await s.readNow()).toMatchObject({ gdmf: 'new', 'sofa-ios': 'new' });
    expect(judgePhone(s.catalogue, PHONE, clock.now()).latest?.version).toBe('26.8');
  });

  it.each([
    ['status', 'answered 500', (_: unknown, r: import('node:http').ServerResponse) => void r.writeHead(500).end()],
    ['not-json', '(answer) is not JSON', (_: unknown, r: import('node:http').ServerResponse) => void r.end('<html>sign in first</html>')],
    ['shape', 'PublicAssetSets: is required', (_: unknown, r: import('node:http').ServerResponse) => void r.end('{"hello": "world"}')],
    ['too-large', 'is larger than 50000 bytes', (_: unknown, r: import('node:http').ServerResponse) => void r.end('x'.repeat(60_000))],
    ['timeout', 'did not answer within 0.3 s', () => undefined],
    [
      'not-json',
      'is nested deeper than 16 levels',
      (_: unknown, r: import('node:http').ServerResponse) => void r.end(`${'['.repeat(30)}${']'.repeat(30)}`),
    ],
    ['status', 'answered 304', (_: unknown, r: import('node:http').ServerResponse) => void r.writeHead(304).end()],
  ])('a bad answer (%s, %s) replaces no good one', async (fault, words, answer) => {
    const s = software();
    await s.readNow();
    const [before, at] = [await part('gdmf'), clock.iso()];
    // Nothing was asked that may be unchanged, when the mark is gone.
    if (words === 'answered 304')
      await database.pool.query(`UPDATE software_feed SET url = 'http://elsewhere.example/' WHERE feed = 'gdmf'`);
    feeds.bent.set('/pmv', answer);
    clock.advance(HOUR);
    expect(await s.readNow()).toEqual({ gdmf: fault, 'sofa-ios': 'same', 'sofa-macos': 'same' });
    expect(await part('gdmf')).toBe(before);
    expect(feedOf(s, 'gdmf')).toMatchObject({
      checkedAt: at,
      triedAt: clock.iso(),
      failure: { fault, problem: expect.stringContaining(words), since: clock.iso() },
    });
    expect(judgePhone(s.catalogue, PHONE, clock.now()).status).toBe('behind-minor');
    // It fails since the first failure, until it is good again.
    const since = clock.iso();
    clock.advance(HOUR);
    await s.readNow();
    expect(feedOf(s, 'gdmf')?.failure?.since).toBe(since);
    feeds.bent.clear();
    await s.readNow();
    expect(feedOf(s, 'gdmf')).toMatchObject({ failure: null, checkedAt: clock.iso() });
  });

  it('an answer that is older than what is known is refused', async () => {
    const s = software();
    await s.readNow();
    feeds.world = { ...WORLD, ios: '26.6.1', lastCheck: '2026-10-01T00:00:00Z' };
    expect(await s.readNow()).toMatchObject({ 'sofa-ios': 'older', 'sofa-macos': 'older' });
    expect(feedOf(s, 'sofa-ios')?.failure?.problem).toMatch(/^LastCheck: 2026-10-01T00:00:00.000Z is older than/);
  });

  it('that was not looked at for three days judges nothing more, and says since when', async () => {
    const s = software();
    await s.readNow();
    const at = clock.now();
    clock.advance(STALE_MS + 1);
    expect(judgePhone(s.catalogue, PHONE, clock.now()).status).toBe('feed-stale');
    expect(feedOf(s, 'gdmf')?.staleSince).toBe(new Date(at + STALE_MS).toISOString());
    expect(s.staleSince).toBe(Date.parse(WORLD.lastCheck) + STALE_MS);
  });

  it('is there after a restart, and at the other servers', async () => {
    const bus = new Bus(log);
    const [reader, other] = [software({ bus }), software({ bus, leads: false })];
    other.start();
    await other.load();
    expect(feedOf(other, 'gdmf')?.bundled).toBe(true);
    await reader.readNow();
    await other.load();
    expect(judgePhone(other.catalogue, PHONE, clock.now()).status).toBe('behind-minor');
    const later = software();
    await later.load();
    expect(judgePhone(later.catalogue, PHONE, clock.now()).status).toBe('behind-minor');
  });

  it('survives a row that another version wrote: it is read anew', async () => {
    const s = software();
    await s.readNow();
    await database.pool.query(
      `UPDATE software_feed SET part = '{"feed": "gdmf", "of": "tomorrow"}', revision = revision + 1 WHERE feed = 'gdmf'`,
    );
    await s.load();
    expect(feedOf(s, 'gdmf')).toMatchObject({ bundled: true, fetchedAt: null });
    expect(await s.readNow()).toMatchObject({ gdmf: 'new' });
    expect(feeds.asked.at(-3)?.etag).toBeUndefined();
    expect(feedOf(s, 'gdmf')?.bundled).toBe(false);
  });

  it('asks nobody where it is off, and tells diagnosis nothing', async () => {
    const s = software({ online: false });
    s.start();
    await expect(s.refresh({ ...TECHNICIAN, role: 'admin' }, '127.0.0.1')).rejects.toMatchObject({ status: 409, code: 'feeds-off' });
    expect([s.forDiagnosis, s.view().mode, feeds.asked]).toEqual([undefined, 'off', []]);
    expect(software().forDiagnosis).toBeDefined();
  });

  it('is read once however many ask at the same time, and the audit says who', async () => {
    const s = software();
    const by = { ...TECHNICIAN, role: 'admin' as const };
    const [view] = await Promise.all([s.refresh(by, '127.0.0.1'), s.readNow(), s.readNow()]);
    expect(feeds.asked).toHaveLength(3);
    expect(view.feeds.every((f) => !f.bundled)).toBe(true);
    const { rows } = await database.pool.query(`SELECT actor_name, detail FROM audit WHERE action = 'software.refreshed'`);
    expect(rows).toEqual([{ actor_name: 'Tess', detail: { failed: '' } }]);
  });

  it('is counted', async () => {
    const metrics = new Metrics(false);
    const s = software();
    measureSoftware(metrics, s, clock);
    feeds.bent.set('/pmv', (_, response) => void response.writeHead(503).end());
    await s.readNow();
    const text = await metrics.text();
    expect(text).toContain('lockstep_software_feed_reads_total{feed="gdmf",outcome="status"} 1');
    expect(text).toContain('lockstep_software_feed_reads_total{feed="sofa-ios",outcome="new"} 1');
    expect(text).toContain('lockstep_software_feed_age_seconds{feed="sofa-ios"} 7200');
  });

  it('is read by the server that leads, and by no other', async () => {
    const [other, leader] = [software({ leads: false }), software()];
    expect([await other.tick(), feeds.asked]).toEqual([true, []]);
    expect(await leader.tick()).toBe(true);
    expect(feeds.asked).toHaveLength(3);
    feeds.bent.set('/pmv', (_, response) => void response.writeHead(500).end());
    expect(await leader.tick()).toBe(false);
  });

  it.each([
    [true, 6 * HOUR, 0.5, 6 * HOUR],
    [true, 6 * HOUR, 0, 5.4 * HOUR],
    [true, 6 * HOUR, 1, 6.6 * HOUR],
    [false, 6 * HOUR, 0.5, HOUR / 4],
  ])('comes again: well %j, every %i ms, at %d: in %i ms', (isFine, everyMs, random, inMs) => {
    expect(paceOf(isFine, everyMs, random)).toBeCloseTo(inMs, 3);
  });

  it('stops in the middle of a reading without a word', async () => {
    feeds.bent.set('/pmv', () => undefined);
    const s = software();
    const reading = s.readNow();
    while (feeds.asked.length === 0) await new Promise((r) => setTimeout(r, 5));
    await s.stop();
    await reading;
    expect((await database.pool.query('SELECT 1 FROM software_feed WHERE fault IS NOT NULL')).rows).toEqual([]);
  });
});
