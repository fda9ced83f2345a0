import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CompatibilityRow, CompatibilitySummary, SoftwareModels } from '@lockstep/core/protocol';
import { FeedServer } from '../../test/feeds.js';
import { startTestServer, type TestServer } from '../../test/server.js';

const WORLD = { ios: '26.7.1', build: '23H30', macos: '26.7.1', lastCheck: new Date().toISOString() };
const UDIDS = ['00008110-0011223344556677', '00008110-0011223344556688', '00008110-0011223344556699'];

/** What a computer tells: readings by kind, and by phone. */
interface Told {
  name: string;
  os: 'linux' | 'macos' | 'windows';
  system?: object;
  apple?: { id: string; version: string | null }[] | null;
  phones?: Record<string, { version: string; build: string; seenAt?: string; more?: object; model?: string }>;
  revoked?: boolean;
}

interface CompatibilityPage {
  items: CompatibilityRow[];
  next: string | null;
}

describe('the fleet beside released software', () => {
  let server: TestServer;
  let feeds: FeedServer;
  let viewer: string;
  let admin: string;

  const insert = async (told: Told): Promise<void> => {
    const { pool } = server.platform.db;
    const id = randomUUID();
    const { rows } = await pool.query<{ id: string }>('SELECT id FROM enrolment_token LIMIT 1');
    await pool.query(
      `INSERT INTO host_key (id, public_key, hostname, os, os_version, arch, agent, enrolled_at, enrolled_by, revoked_at) VALUES ($1, $2, $3, $4, '', '', '0.1.0', now(), $5, $6)`,
      [id, id, told.name, told.os, rows[0]?.id, told.revoked ? new Date() : null],
    );
    const fact = (udid: string, kind: string, reading: object, seenAt = '2026-10-01T00:00:00Z') =>
      pool.query(
        `INSERT INTO fact (host_id, udid, kind, state, reading, at, seen_at, probe, took_ms) VALUES ($1, $2, $3, 'seen', $4, $5, $5, 'test', 1)`,
        [id, udid, kind, JSON.stringify(reading), seenAt],
      );
    if (told.system) await fact('', 'host-os', told.system);
    if (told.apple) {
      const items = told.apple.map((item) => ({ bits: null, ...item }));
      await fact('', 'apple-software', { items, driver: null, whole: true });
    }
    for (const [udid, phone] of Object.entries(told.phones ?? {})) {
      const reading = {
        name: 'Phone',
        productType: phone.model ?? 'iPhone14,5',
        productVersion: phone.version,
        buildVersion: phone.build,
        deviceClass: 'iPhone',
        ...phone.more,
      };
      await fact(udid, 'device-values', reading, phone.seenAt);
    }
  };
  const system = (version: string, model: string | null = 'J314sAP') => ({
    name: 'macOS',
    version,
    build: null,
    model,
    edition: null,
    arch: 'arm64',
    mediaFeatures: null,
  });
  const get = async <T>(path: string): Promise<T> => {
    const answer = await server.ask('GET', `/api/v1/software/${path}`, { token: viewer });
    expect([path, answer.status, answer.status === 200 ? '' : answer.text]).toEqual([path, 200, '']);
    return answer.json as T;
  };

  beforeAll(async () => {
    feeds = await FeedServer.start(WORLD);
    server = await startTestServer({ env: feeds.env });
    const cookie = await server.signIn();
    const token = async (role: string) =>
      String((await server.ask('POST', '/api/v1/api-tokens', { cookie, json: { name: role, role } })).json.secret);
    [viewer, admin] = [await token('viewer'), await token('admin')];
    await server.ask('POST', '/api/v1/enrolment-tokens', { cookie, json: { uses: 1, minutes: 60 } });
    const [one = '', two = '', three = ''] = UDIDS;
    await insert({
      name: 'mac-new',
      os: 'macos',
      system: system('26.7.1', 'Mac14,9'),
      phones: {
        [one]: { version: '26.6.1', build: '23G83', seenAt: '2026-10-02T00:00:00Z' },
        [three]: { version: '27.0', build: '24A5430a' },
      },
    });
    await insert({
      name: 'mac-old',
      os: 'macos',
      system: system('13.7.8'),
      apple: [{ id: 'mobile-device-framework', version: '1600.1' }],
      // The same phone, as this computer saw it some days before.
      phones: { [one]: { version: '26.5', build: '23F77', seenAt: '2026-09-01T00:00:00Z' }, [two]: { version: '26.7.1', build: '23H30' } },
    });
    await insert({ name: 'mac-mid', os: 'macos', system: system('15.7.10') });
    await insert({ name: 'mac-silent', os: 'macos' });
    await insert({ name: 'pc-new', os: 'windows', apple: [{ id: 'mobile-device-support', version: '19.4.0.10' }] });
    await insert({
      name: 'pc-asked',
      os: 'windows',
      apple: [
        { id: 'mobile-device-support', version: '19.4.0.10' },
        { id: 'itunes', version: '12.9.0' },
      ],
      phones: { [two]: { version: '26.7.1', build: '23H30', more: { minItunes: '12.13.0', minMacos: null } } },
    });
    await insert({ name: 'lnx', os: 'linux' });
    await insert({ name: 'gone', os: 'macos', system: system('12.0'), phones: { x: { version: '15.0', build: '19A1' } }, revoked: true });
  });
  afterAll(async () => {
    await server.end();
    await feeds.close();
  });

  it('judges nothing while its lists are old', async () => {
    const { items } = await get<SoftwareModels>('models');
    expect(items.flatMap((m) => m.installed.map((v) => v.status)).every((s) => s === 'feed-stale')).toBe(true);
  });

  it('has its lists read by an admin, and by nobody else', async () => {
    expect((await server.ask('POST', '/api/v1/software/refresh', { token: viewer, json: {} })).status).toBe(403);
    expect(feeds.asked).toEqual([]);
    const answer = await server.ask('POST', '/api/v1/software/refresh', { token: admin, json: {} });
    expect([answer.status, feeds.asked.length]).toEqual([200, 3]);
    const view = await server.ask('GET', '/api/v1/software', { token: viewer });
    expect(view.json).toMatchObject({
      mode: 'online',
      staleSince: null,
      newest: { ios: [{ major: 26, version: '26.7.1' }, { version: '16.7.16' }] },
    });
    const metrics = await server.ask('GET', '/metrics');
    expect(metrics.text).toContain('lockstep_software_feed_reads_total{feed="gdmf",outcome="new"} 1');
  });

  it('counts each phone once, as it was seen last, beside what its model is offered', async () => {
    const { items } = await get<SoftwareModels>('models');
    expect(items.map((m) => [m.platform, m.model, m.name, m.count])).toEqual([
      ['ios', 'iPhone14,5', 'iPhone 13', 3],
      ['macos', 'J314sAP', 'MacBook Pro', 3],
    ]);
    expect(items[0]?.tracks).toEqual([{ major: 26, version: '26.7.1', released: '2026-08-17' }]);
    expect(items[0]?.installed.map((v) => [v.version, v.count, v.status, v.urgency])).toEqual([
      ['27.0', 1, 'ahead-beta', null],
      ['26.7.1', 1, 'current', 'ok'],
      ['26.6.1', 1, 'behind-minor', 'fail'],
    ]);
    expect(items[1]?.installed.map((v) => [v.version, v.status])).toEqual([
      ['26.7.1', 'current'],
      ['15.7.10', 'behind-major'],
      ['13.7.8', 'behind-major'],
    ]);
  });

  it('says which computers a new iOS would lose, worst first, and why', async () => {
    const page = await get<CompatibilityPage>('compatibility?ios=26.7.1');
    expect(page.items.map((r) => [r.hostName, r.outcome, r.reason, r.have, r.need])).toEqual([
      ['mac-old', 'update', 'system-too-old', '13.7.8', '14'],
      ['pc-asked', 'update', 'phone-demands-itunes', '12.9.0', '12.13.0'],
      ['mac-mid', 'component', 'system-of-an-earlier-season', '15.7.10', '26'],
      ['lnx', 'unknown', 'nobody-publishes', null, null],
      ['mac-silent', 'unknown', 'not-read', null, null],
      ['mac-new', 'ready', 'system-of-the-season', '26.7.1', '26'],
      ['pc-new', 'ready', 'program-new-enough', '19.4.0.10', '19.0.0.22'],
    ]);
    expect(page.next).toBeNull();
    const summary = await get<CompatibilitySummary>('compatibility/summary?ios=26.7.1');
    expect(summary).toEqual({ ios: '26.7.1', counts: { replace: 0, update: 2, component: 1, unknown: 2, ready: 2 } });
    // Without a version it is the newest that anybody is offered.
    expect(await get<CompatibilitySummary>('compatibility/summary')).toEqual(summary);
    expect(await get<CompatibilityPage>('compatibility')).toEqual(page);
  });

  it('is paged and filtered', async () => {
    const seen: string[] = [];
    for (let after = ''; ; ) {
      const page = await get<CompatibilityPage>(`compatibility?ios=26.7.1&limit=2${after === '' ? '' : `&after=${after}`}`);
      seen.push(...page.items.map((r) => r.hostName));
      if (page.next === null) break;
      after = page.next;
    }
    expect(seen).toEqual(['mac-old', 'pc-asked', 'mac-mid', 'lnx', 'mac-silent', 'mac-new', 'pc-new']);
    const updates = await get<CompatibilityPage>('compatibility?ios=26.7.1&outcome=update');
    expect(updates.items.map((r) => r.hostName)).toEqual(['mac-old', 'pc-asked']);
  });

  it.each([
    ['ios=the-next-one', 'ios'],
    ['ios=26.7.1&outcome=fine', 'outcome'],
    ['ios=26.7.1&after=bm9uc2Vuc2U', 'after'],
    ['sort=name', 'sort'],
  ])('refuses ?%s and names %s', async (query, field) => {
    const answer = await server.ask('GET', `/api/v1/software/compatibility?${query}`, { token: viewer });
    expect([answer.status, answer.json.errors]).toMatchObject([400, [{ field }]]);
  });
});
