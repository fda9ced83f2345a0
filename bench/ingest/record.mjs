// Loaded into the server before itself (`node --import`): from SIGUSR2 on, the statements of ingest transactions go into a file, so that
// the very same work can be given to a bare client. Only the server's own driver is watched; nothing it does is changed.
import { renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { serialize } from 'node:v8';

const file = process.env.LOCKSTEP_BENCH_RECORD_FILE ?? '';
const most = Number(process.env.LOCKSTEP_BENCH_RECORD_COUNT ?? '0');
/** The driver as the server finds it. @type {typeof import('pg')} */
const pg = createRequire(new URL('../../apps/server/package.json', import.meta.url))('pg');
/** What only an ingest transaction does: the numbers of its messages are committed. */
const MARK = 'UPDATE host_link l SET last_seq';

/** @typedef {{ text: string, values: unknown[] }} Statement */
/** @typedef {{ messages: number, statements: Statement[] }} Recorded */

/** @type {Recorded[]} */
const recorded = [];
/** @type {WeakMap<object, Statement[]>} */
const open = new WeakMap();
let isRecording = false;
process.on('SIGUSR2', () => {
  isRecording = true;
});

const { query } = pg.Client.prototype;
Object.defineProperty(pg.Client.prototype, 'query', {
  value(/** @type {unknown[]} */ ...args) {
    if (isRecording && typeof args[0] === 'string') note(this, args[0], Array.isArray(args[1]) ? args[1] : []);
    return Reflect.apply(query, this, args);
  },
});

/** @param {object} client @param {string} text @param {unknown[]} values */
function note(client, text, values) {
  if (text === 'BEGIN') {
    open.set(client, []);
    return;
  }
  const statements = open.get(client);
  if (!statements) return;
  if (text !== 'COMMIT' && text !== 'ROLLBACK') {
    statements.push({ text, values });
    return;
  }
  open.delete(client);
  const mark = text === 'COMMIT' ? statements.find((s) => s.text.startsWith(MARK)) : undefined;
  const hosts = mark?.values[0];
  if (!Array.isArray(hosts)) return;
  recorded.push({ messages: hosts.length, statements });
  if (recorded.length < most) return;
  isRecording = false;
  // Beside and moved over: whoever waits for the file finds it whole.
  writeFileSync(`${file}.part`, serialize(recorded));
  renameSync(`${file}.part`, file);
}
