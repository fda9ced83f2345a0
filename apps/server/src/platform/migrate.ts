import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, DriverAdapterError } from '@prisma/driver-adapter-utils';
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { z } from 'zod';
import { ADVISORY } from './database.js';

/** The repository's migrations: four levels above src/platform and dist/platform alike. */
export const MIGRATIONS_DIR = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url));

/** How long a start waits for another one that migrates the same database. */
const LOCK_WAIT_MS = 60_000;

/** The part of the global that is used here: its full types belong to the DOM library, which a server has no business with. */
declare const WebAssembly: { instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }> };

/** What wasm-bindgen's loader does, and its own entry point can only do with a flag of Node's. */
const Instance = z.object({ __wbindgen_start: z.custom<() => void>((f) => typeof f === 'function') });

let started: Promise<void> | null = null;
function startEngine(): Promise<void> {
  started ??= (async () => {
    const require = createRequire(import.meta.url);
    const wasm = join(dirname(require.resolve('@prisma/schema-engine-wasm')), 'schema_engine_bg.wasm');
    const { instance } = await WebAssembly.instantiate(readFileSync(wasm), { './schema_engine_bg.js': engineModule });
    const set: unknown = Reflect.get(engineModule, '__wbg_set_wasm');
    if (typeof set !== 'function') throw new Error('this version of @prisma/schema-engine-wasm has no __wbg_set_wasm');
    set(instance.exports);
    Instance.parse(instance.exports).__wbindgen_start();
  })();
  return started;
}

/**
 * Runs a migration as one script, as the native engine does: all of it or nothing. The adapter's own way is to cut the text at every
 * semicolon, those in function bodies and strings included.
 */
class WholeScripts extends PrismaPg {
  constructor(private readonly scripts: pg.Pool) {
    super(scripts);
  }

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      try {
        await this.scripts.query(script);
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw error;
        const { code = '', severity = 'ERROR', message, detail, column, hint } = error;
        throw new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint });
      }
    };
    return adapter;
  }
}

/** A migration as the engine takes it. */
function migrationsIn(dir: string) {
  const lock = join(dir, 'migration_lock.toml');
  return {
    baseDir: dir,
    shadowDbInitScript: '',
    lockfile: { path: 'migration_lock.toml', content: existsSync(lock) ? readFileSync(lock, 'utf8') : null },
    migrationDirectories: readdirSync(dir, { withFileTypes: true })
      .filter((d) => d.isDirectory())
      .map((d) => d.name)
      .sort()
      .map((path) => ({
        path,
        migrationFile: {
          path: 'migration.sql',
          content: { tag: 'ok' as const, value: readFileSync(join(dir, path, 'migration.sql'), 'utf8') },
        },
      })),
  };
}

/**
 * Applies the migrations that the database does not have yet, in this process, and returns their names. It is what `prisma migrate deploy`
 * does, with the same history table, without its native engine (a download). Two starts at once wait for each other.
 * @throws when a migration fails; the database then tells which one in `_prisma_migrations`.
 */
export async function migrate(url: string, dir: string = MIGRATIONS_DIR): Promise<string[]> {
  const guard = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, application_name: 'lockstep migrations' });
  guard.on('error', () => {}); // the query below reports it
  await guard.connect();
  try {
    await guard.query(`SET lock_timeout = ${LOCK_WAIT_MS}`);
    await guard.query('SELECT pg_advisory_lock($1, $2)', [ADVISORY.space, ADVISORY.migrations]);
    return (await isUpToDate(guard, dir)) ? [] : await apply(url, dir);
  } finally {
    await guard.end();
  }
}

/**
 * Whether the history says that exactly these migrations are applied, each with this very text. Then the engine, whose start costs more than
 * the rest of a warm start's database work, is not needed; in every other case it decides, and says what is wrong.
 */
async function isUpToDate(client: pg.Client, dir: string): Promise<boolean> {
  const there = await client.query<{ there: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`);
  if (there.rows[0]?.there !== true) return false;
  const { rows } = await client.query<{ line: string; done: boolean }>(
    `SELECT migration_name || ' ' || checksum AS line, finished_at IS NOT NULL AND rolled_back_at IS NULL AS done FROM _prisma_migrations`,
  );
  const wanted = migrationsIn(dir).migrationDirectories.map(
    (m) => `${m.path} ${createHash('sha256').update(m.migrationFile.content.value).digest('hex')}`,
  );
  return rows.length === wanted.length && rows.every((r) => r.done && wanted.includes(r.line));
}

async function apply(url: string, dir: string): Promise<string[]> {
  let panic: string | null = null;
  Reflect.set(globalThis, 'PRISMA_WASM_PANIC_REGISTRY', {
    set_message: (m: string) => {
      panic = m;
    },
  });
  await startEngine();
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  pool.on('error', () => {}); // reported by the statement that runs
  // The engine leaves a 10 s timer for its own lock behind, which would keep a finished process alive.
  const setTimer = globalThis.setTimeout;
  globalThis.setTimeout = Object.assign(
    (...args: Parameters<typeof setTimer>) => {
      const timer = setTimer(...args);
      timer.unref();
      return timer;
    },
    { __promisify__: setTimer.__promisify__ },
  ) as typeof setTimer;
  try {
    const engine = await engineModule.SchemaEngine.new(
      { datamodels: undefined },
      () => {},
      bindMigrationAwareSqlAdapterFactory(new WholeScripts(pool)),
    );
    try {
      const done = await engine.applyMigrations({ filters: { externalTables: [], externalEnums: [] }, migrationsList: migrationsIn(dir) });
      return done.appliedMigrationNames;
    } finally {
      engine.free();
    }
  } catch (error) {
    throw panic === null ? error : new Error(`the migration engine gave up: ${panic}`, { cause: error });
  } finally {
    globalThis.setTimeout = setTimer;
    await pool.end();
  }
}
