import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fact, factKey } from '@lockstep/core/health';
import pg from 'pg';
import { freshDatabase } from '../../apps/server/test/database.js';
import { House } from '../house.mjs';
import { lostOf } from '../ingest/limits.mjs';
import { Crowd } from './crowd.mjs';
import { CHANGED, changes, PICTURE, picture, VERDICT_EVERY } from './facts.mjs';

const AT = '2026-11-24T10:00:00.000Z';
const PATIENCE = { timeoutMs: 60_000 };

describe('what the load tells', () => {
  it('is a whole picture of facts that the protocol takes, each about something else', () => {
    const facts = picture(3, 1, AT);
    expect(facts).toHaveLength(PICTURE);
    expect(new Set(facts.map(factKey)).size).toBe(PICTURE);
    for (const fact of facts) expect(Fact.parse(fact)).toEqual(fact);
  });

  it('are changes of facts of that picture, with the number of the message in two of them', () => {
    const known = new Set(picture(3, 1, AT).map(factKey));
    for (let n = 1; n <= 2 * VERDICT_EVERY; n++) {
      const facts = changes(3, n, AT);
      expect(facts).toHaveLength(CHANGED);
      for (const fact of facts) {
        expect(known).toContain(factKey(fact));
        expect(Fact.parse(fact)).toEqual(fact);
      }
      expect(JSON.stringify(facts)).toContain(`"uptimeS":${n},`);
      expect(JSON.stringify(facts)).toContain(`"locationId":${n}}`);
    }
  });

  it('changes the verdict now and then, both ways', () => {
    const outcomes = Array.from({ length: 4 * VERDICT_EVERY }, (_, n) => changes(0, n + 1, AT))
      .flat()
      .flatMap((f) => (f.kind === 'trust-session' && f.state === 'seen' ? [f.reading] : []));
    expect(outcomes.map((o) => /** @type {{ outcome: string }} */ (o).outcome)).toEqual(['refused', 'accepted', 'refused', 'accepted']);
  });
});

describe('a small crowd on the real server', () => {
  /** @type {House} */
  let house;
  /** @type {Awaited<ReturnType<typeof freshDatabase>>} */
  let database;
  /** @type {string} */
  let folder;
  const crowd = new Crowd();
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lockstep-bench-test-'));
    database = await freshDatabase();
    house = new House(database.url, folder);
    await house.start();
    await crowd.enrol({ url: house.url, tokens: await house.enrolmentTokens(5), count: 5 });
    await crowd.connect({ url: house.url, ...PATIENCE });
    await crowd.tellPictures(PATIENCE);
  }, 120_000);
  afterAll(async () => {
    crowd.stop();
    await house?.stop();
    await database?.drop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('is acknowledged for all it says, and all of it is in the rows', async () => {
    const load = await crowd.saturate({ seconds: 1, warmSeconds: 0 });
    expect(load.acked).toBeGreaterThan(0);
    const paced = await crowd.pace({ perSecond: 20, seconds: 1, warmSeconds: 0 });
    expect(paced.heldBack).toBe(0);
    expect(paced.ack.count).toBe(20);
    expect(await lostOf(database.url, crowd.said())).toEqual({ lost: 0, wrong: 0, facts: 5 * PICTURE, quarantined: 0 });
  }, 120_000);

  it('and what is missing from the rows is counted as lost', async () => {
    const [first] = crowd.said();
    if (!first) throw new Error('no agent');
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query('UPDATE host_link SET last_seq = last_seq - 2 WHERE host_id = $1', [first.hostId]);
      expect(await lostOf(database.url, crowd.said())).toMatchObject({ lost: 2, wrong: 1 });
      await client.query('UPDATE host_link SET last_seq = last_seq + 2 WHERE host_id = $1', [first.hostId]);
    } finally {
      await client.end();
    }
  }, 60_000);

  it('comes back by itself when the server was killed', async () => {
    const back = crowd.storm({ timeoutMs: 60_000 });
    await house.kill();
    await house.start();
    expect(await back).toMatchObject({ gone: 5, back: 5 });
  }, 120_000);
});
