import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TestAgent } from '../../test/agent.js';
import { enrolled } from '../../test/enrolled.js';
import { facts, UNPAIRED } from '../../test/readings.js';
import { startTestServer, type TestServer } from '../../test/server.js';
import { csvCell } from './pair-csv.js';

/** Reads CSV as RFC 4180 has it. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') cell += text[i++];
      else if (c === '"') quoted = false;
      else cell += c;
    } else if (c === '"') quoted = true;
    else if (c === ',') row.push(cell), (cell = '');
    else if (c === '\r' && text[i + 1] === '\n') {
      i++;
      rows.push([...row, cell]);
      row = [];
      cell = '';
    } else cell += c;
  }
  return rows;
}

describe('a cell', () => {
  it.each([
    ['=HYPERLINK("http://evil.example","x")', `"'=HYPERLINK(""http://evil.example"",""x"")"`],
    ['+1+2', `"'+1+2"`],
    ['-2+3', `"'-2+3"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['  =1', `"'  =1"`],
    ['＝1', `"'＝1"`],
    ['\t=1', '"\ufffd=1"'],
    ['Jun’s "iPhone", blue', '"Jun’s ""iPhone"", blue"'],
    ['two\r\nlines', '"two\ufffd\ufffdlines"'],
    ['\u001b[31mred', '"\ufffd[31mred"'],
    ['\u202egnp.exe', '"\ufffdgnp.exe"'],
    ['', '""'],
    [null, ''],
    [true, 'true'],
    [0.85, '0.85'],
  ])('of %j is %s', (value, cell) => expect(csvCell(value)).toBe(cell));

  it('is never a formula, never a second cell and never a second line, whatever a phone is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (name) => {
        const [row] = parse(`${csvCell(name)},${csvCell('next')}\r\n`);
        expect(row).toHaveLength(2);
        expect(row?.[0]).not.toMatch(/^\s*[=+\-@\t\r＝＋－＠]/);
        expect(row?.[1]).toBe('next');
      }),
      { numRuns: 500 },
    );
  });
});

describe('GET /pairs.csv', () => {
  let server: TestServer;
  let cookie: string;
  const agents: TestAgent[] = [];
  const PHONES = 620;
  beforeAll(async () => {
    server = await startTestServer();
    cookie = await server.signIn();
    for (let h = 0; h < 4; h++) {
      const agent = await TestAgent.connect(server.url, await enrolled(server, cookie, h === 0 ? '=cmd|calc' : `lnx-${h}`));
      agents.push(agent);
      for (let from = 0; from < PHONES / 4; from += 31) {
        const udids = Array.from(
          { length: Math.min(31, PHONES / 4 - from) },
          (_, i) => `0000811${h}-0011223344${String(from + i).padStart(6, '0')}`,
        );
        await agent.acked(agent.tell({ type: 'facts', full: false, facts: facts(h === 0 ? UNPAIRED : {}, { udids }) }), 20_000);
      }
    }
  }, 60_000);
  afterAll(async () => {
    for (const agent of agents) await agent.close();
    await server.end();
  });
  const csv = (query = '') => server.ask('GET', `/api/v1/pairs.csv${query}`, { cookie });

  it('holds every row of the list, in its order, and a header', async () => {
    const answer = await csv('?sort=device');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8; header=present']);
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="lockstep-pairs-\d{4}-\d\d-\d\dT\d{4}Z\.csv"$/);
    const bytes = new Uint8Array(await (await fetch(`${server.url}/api/v1/pairs.csv`, { headers: { cookie } })).arrayBuffer());
    expect([...bytes.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const [header, ...rows] = parse(answer.text.replace(/^\ufeff/, ''));
    expect(header?.slice(0, 3)).toEqual(['host', 'os', 'device']);
    expect(rows).toHaveLength(PHONES);
    const listed: string[] = [];
    for (let after = ''; ; ) {
      const page = JSON.parse((await server.ask('GET', `/api/v1/pairs?sort=device&limit=200${after}`, { cookie })).text);
      listed.push(...page.items.map((p: { id: string }) => p.id));
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    const id = header?.indexOf('pairId') ?? -1;
    expect(rows.map((r) => r[id])).toEqual(listed);
  });

  it('takes the list’s filters, and names one it does not know', async () => {
    const rows = parse((await csv('?health=broken&sort=-since')).text).slice(1);
    expect(rows).toHaveLength(PHONES / 4);
    expect(new Set(rows.map((r) => r[0]))).toEqual(new Set(["'=cmd|calc"]));
    expect(rows[0]?.join(' ')).toMatch(/C40 Not paired trust .* broken since \d{4}-/);
    expect((await csv('?q=nothing-is-called-so')).text.split('\r\n')).toHaveLength(2);
    for (const [query, field] of [
      ['?health=sick', 'health[0]'],
      ['?limit=5', 'limit'],
      ['?after=x', 'after'],
    ] as const) {
      const refused = await csv(query);
      expect([query, refused.status, JSON.parse(refused.text).errors[0].field]).toEqual([query, 400, field]);
    }
    expect((await server.ask('GET', '/api/v1/pairs.csv')).status).toBe(401);
  });

  it('is a refusal when the database is away, and a broken download when it goes away in between', async () => {
    const { pool } = server.platform.db;
    const real = pool.query;
    const session = pool.query.bind(pool) as (...a: unknown[]) => Promise<unknown>;
    let calls = 0;
    const failAt = (which: RegExp, nth: number) => {
      calls = 0;
      pool.query = ((sql: unknown, ...rest: unknown[]) => {
        if (which.test(String(sql)) && ++calls >= nth)
          return Promise.reject(Object.assign(new Error('terminating connection'), { code: '57P01' }));
        return session(sql, ...rest);
      }) as typeof pool.query;
    };
    try {
      failAt(/SELECT p\.id FROM/, 1);
      const refused = await csv();
      expect([refused.status, refused.json.code]).toEqual([503, 'database-unavailable']);
      failAt(/WHERE p\.id = ANY/, 2);
      await expect(csv()).rejects.toThrow(/terminated|aborted|other side closed|fetch failed/);
    } finally {
      pool.query = real;
    }
    expect((await csv()).status).toBe(200);
  });
});
