import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Database } from './database.js';
import { createLog } from './log.js';

const text = (s: string) => Buffer.from(`${s}\0`);
/** A message of PostgreSQL's protocol, version 3: type, length without the type, content. */
function message(type: string, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}
const LET_IN = message('R', Buffer.alloc(4)); // AuthenticationOk
const READY = message('Z', Buffer.from('I'));
/** As a backend says it whose postmaster was killed. */
const LAST_WORDS = message(
  'E',
  ...[text('SFATAL'), text('VFATAL'), text('C57P01'), text('Mterminating connection due to unexpected postmaster exit'), Buffer.alloc(1)],
);

describe('a database that dies', () => {
  let server: Server;
  let url: string;
  let db: Database;
  const open = new Set<Socket>();
  /** What it answers a client that comes, before it hangs up. */
  let answer: Buffer;
  beforeEach(async () => {
    server = createServer((socket) => {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answer));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `postgres://u:p@127.0.0.1:${(server.address() as AddressInfo).port}/x`;
    db = new Database(url, { connections: 4, log: createLog('silent') });
  });
  afterEach(async () => {
    await db.close();
    for (const socket of open) socket.destroy();
    await new Promise((done) => server.close(done));
  });

  it.each([
    ['in one packet with its last words', () => Buffer.concat([LET_IN, READY, LAST_WORDS])],
    ['and only hangs up', () => Buffer.concat([LET_IN, READY])],
    ['before it is ready', () => Buffer.concat([LET_IN, LAST_WORDS])],
  ])('right after it let a connection in, %s, fails the query and ends nothing else', async (_, said) => {
    answer = said();
    await expect(db.tx((tx) => tx.query('SELECT 1'))).rejects.toThrow();
    await expect(db.pool.query('SELECT 1')).rejects.toThrow();
    expect(await db.ok()).toBe(false);
  });
});
