import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { MIGRATIONS_DIR, migrate } from '../src/platform/index.js';

/** A database of a test's own. */
export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** The PostgreSQL of the run, as its superuser; Jest's global set-up starts it. */
export function adminUrl(): string {
  const url = process.env.LOCKSTEP_TEST_DATABASE_URL;
  if (url === undefined) throw new Error('LOCKSTEP_TEST_DATABASE_URL is not set: run the tests through Jest with its global set-up');
  return url;
}

async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function named(name: string): string {
  const url = new URL(adminUrl());
  url.pathname = `/${name}`;
  return url.toString();
}

/** The migrations' content names the template: a run that changes them makes a new one. */
function templateName(): string {
  const hash = createHash('sha256');
  for (const dir of readdirSync(MIGRATIONS_DIR, { withFileTypes: true })
    .filter((d) => d.isDirectory())
    .map((d) => d.name)
    .sort()) {
    hash.update(dir).update(readFileSync(join(MIGRATIONS_DIR, dir, 'migration.sql')));
  }
  return `lockstep_template_${hash.digest('hex').slice(0, 12)}`;
}

/** Makes the template once per run; workers that come at the same time wait for the first. */
async function template(): Promise<string> {
  const name = templateName();
  await asAdmin(async (client) => {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate', [name]);
    if (found.rowCount === 1) return;
    const quoted = pg.escapeIdentifier(name);
    await client.query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${quoted}`);
    await migrate(named(name));
    await client.query(`ALTER DATABASE ${quoted} IS_TEMPLATE true`);
  });
  return name;
}

/** A fresh database with every migration applied: a copy of the template, made in some 50 ms. */
export async function freshDatabase(): Promise<TestDatabase> {
  const from = await template();
  const name = `lockstep_test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(async (client) => {
    // Two copies at once would each refuse the other as a user of the template.
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [from]);
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE ${pg.escapeIdentifier(from)} STRATEGY file_copy`);
  });
  return { url: named(name), drop: () => dropDatabase(name) };
}

/** An empty database, for tests of the migrations themselves. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const name = `lockstep_test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin((client) => client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`));
  return { url: named(name), drop: () => dropDatabase(name) };
}

async function dropDatabase(name: string): Promise<void> {
  await asAdmin((client) => client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`));
}
