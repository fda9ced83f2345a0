import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { emptyDatabase, freshDatabase, type TestDatabase } from '../../test/database.js';
import { MIGRATIONS_DIR, migrate } from './migrate.js';

const SCHEMA_DIR = join(MIGRATIONS_DIR, '..', 'schema');

async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('migrations', () => {
  const made: TestDatabase[] = [];
  const dirs: string[] = [];
  const empty = async () => {
    const db = await emptyDatabase();
    made.push(db);
    return db.url;
  };
  const dirWith = (migrations: Record<string, string>) => {
    const dir = mkdtempSync(join(tmpdir(), 'lockstep-migrations-'));
    dirs.push(dir);
    writeFileSync(join(dir, 'migration_lock.toml'), 'provider = "postgresql"\n');
    for (const [name, sql] of Object.entries(migrations)) {
      mkdirSync(join(dir, name));
      writeFileSync(join(dir, name, 'migration.sql'), sql);
    }
    return dir;
  };
  afterEach(async () => {
    for (const db of made.splice(0)) await db.drop();
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  });

  it('are applied once, in order, and written to the history that Prisma reads', async () => {
    const url = await empty();
    const names = readdirSync(MIGRATIONS_DIR, { withFileTypes: true })
      .filter((d) => d.isDirectory())
      .map((d) => d.name)
      .sort();
    expect(await migrate(url)).toEqual(names);
    expect(await migrate(url)).toEqual([]);
    const history = await query<{ migration_name: string; finished: boolean }>(
      url,
      'SELECT migration_name, finished_at IS NOT NULL AS finished FROM _prisma_migrations ORDER BY started_at',
    );
    expect(history).toEqual(names.map((migration_name) => ({ migration_name, finished: true })));
  });

  it('that were changed after they were applied are the engine’s to judge, not passed over', async () => {
    const url = await empty();
    const dir = dirWith({ '1_a': 'CREATE TABLE a (n INT);' });
    expect(await migrate(url, dir)).toEqual(['1_a']);
    expect(await migrate(url, dir)).toEqual([]);
    mkdirSync(join(dir, '2_b'));
    writeFileSync(join(dir, '2_b', 'migration.sql'), 'CREATE TABLE b (n INT);');
    expect(await migrate(url, dir)).toEqual(['2_b']);
    await query(
      url,
      `UPDATE _prisma_migrations SET finished_at = NULL, applied_steps_count = 0, logs = 'cut off' WHERE migration_name = '2_b'`,
    );
    await expect(migrate(url, dir)).rejects.toThrow();
  });

  it('of two starts at once are applied by one', async () => {
    const url = await empty();
    const dir = dirWith({ '1_a': 'CREATE TABLE a (id int);', '2_b': 'CREATE TABLE b (id int);' });
    const both = await Promise.all([migrate(url, dir), migrate(url, dir)]);
    expect(both.flat().sort()).toEqual(['1_a', '2_b']);
  });

  it('may hold functions, whose bodies have semicolons', async () => {
    const url = await empty();
    await migrate(
      url,
      dirWith({
        '1_f': `CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'a;b'; END $$; -- and; a comment\nCREATE TABLE t (x text DEFAULT 'c;d');`,
      }),
    );
    expect(await query(url, 'SELECT f() AS f')).toEqual([{ f: 'a;b' }]);
  });

  it('that fail leave nothing half done, say which one it was, and are not passed over', async () => {
    const url = await empty();
    const dir = dirWith({ '1_good': 'CREATE TABLE good (id int);', '2_bad': 'CREATE TABLE half (id int); SELECT no_such_function();' });
    await expect(migrate(url, dir)).rejects.toThrow(/no_such_function/);
    expect(
      await query(
        url,
        `SELECT table_name AS t FROM information_schema.tables WHERE table_schema = 'public' AND table_name IN ('good', 'half')`,
      ),
    ).toEqual([{ t: 'good' }]);
    await expect(migrate(url, dir)).rejects.toThrow(/2_bad/);
  });
});

/** Prisma's scalar types, and the types of PostgreSQL that they are by default and with each attribute that the schema uses. */
const TYPES: Record<string, string> = {
  String: 'text',
  'String @db.Uuid': 'uuid',
  Boolean: 'bool',
  Int: 'int4',
  BigInt: 'int8',
  Float: 'float8',
  Bytes: 'bytea',
  Json: 'jsonb',
  'DateTime @db.Timestamptz(3)': 'timestamptz(3)',
  'DateTime[] @db.Timestamptz(3)': '_timestamptz',
  'String[]': '_text',
  'String[] @db.Uuid': '_uuid',
  'Int[]': '_int4',
  'Int @db.SmallInt': 'int2',
};

interface Column {
  type: string;
  nullable: boolean;
}

/** The columns that the Prisma schema describes, by `table.column`. */
function schemaColumns(): Record<string, Column> {
  const text = readdirSync(SCHEMA_DIR)
    .filter((f) => f.endsWith('.prisma'))
    .map((f) => readFileSync(join(SCHEMA_DIR, f), 'utf8'))
    .join('\n');
  const blocks = [...text.matchAll(/^(model|enum)\s+(\w+)\s*\{([\s\S]*?)^\}/gm)].map((m) => ({
    kind: m[1],
    name: m[2] ?? '',
    body: m[3] ?? '',
  }));
  const mapped = (b: { name: string; body: string }) => /@@map\("([^"]+)"\)/.exec(b.body)?.[1] ?? b.name;
  const enums = new Map(blocks.filter((b) => b.kind === 'enum').map((b) => [b.name, mapped(b)]));
  const models = new Set(blocks.filter((b) => b.kind === 'model').map((b) => b.name));
  const out: Record<string, Column> = {};
  for (const block of blocks.filter((b) => b.kind === 'model')) {
    for (const line of block.body.split('\n')) {
      const field = /^\s*(\w+)\s+(\w+)(\[\])?(\?)?(.*)$/.exec(line.replace(/\/\/.*$/, ''));
      if (field === null) continue;
      const [, name = '', base = '', list = '', optional, rest = ''] = field;
      if (models.has(base)) continue;
      const db = /@db\.\w+(\(\d+\))?/.exec(rest)?.[0];
      const type = enums.get(base) ?? TYPES[`${base}${list}${db === undefined ? '' : ` ${db}`}`];
      const column = `${mapped(block)}.${/@map\("([^"]+)"\)/.exec(rest)?.[1] ?? name}`;
      if (type === undefined) throw new Error(`${column}: this test does not know the type ${base}${list} ${db ?? ''}`);
      out[column] = { type, nullable: optional !== undefined };
    }
  }
  return out;
}

describe('the Prisma schema', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.drop());

  it('describes the database as the migrations make it: tables, columns, types, nullability', async () => {
    const rows = await query<{ t: string; c: string; type: string; nullable: string; precision: number | null }>(
      database.url,
      `SELECT c.table_name AS t, c.column_name AS c, c.udt_name AS type, c.is_nullable AS nullable, c.datetime_precision AS precision
       FROM information_schema.columns c JOIN pg_class k ON k.relname = c.table_name AND k.relnamespace = 'public'::regnamespace
       WHERE c.table_schema = 'public' AND c.table_name <> '_prisma_migrations' AND NOT k.relispartition AND k.relkind IN ('r', 'p')`,
    );
    const found = Object.fromEntries(
      rows.map((r) => [
        `${r.t}.${r.c}`,
        { type: r.type === 'timestamptz' ? `timestamptz(${r.precision})` : r.type, nullable: r.nullable === 'YES' },
      ]),
    );
    expect(found).toEqual(schemaColumns());
    expect(Object.keys(found).length).toBeGreaterThan(40);
  });
});
