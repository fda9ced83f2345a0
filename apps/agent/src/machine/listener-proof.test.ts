import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { proveListener } from './listener-proof.js';

const asRoot = process.getuid?.() === 0;
const ifRoot = asRoot ? it : it.skip;
if (!asRoot) console.info('who owns a socket can be varied by root only: those cases of the listener proof are left out');

describe('who listens', () => {
  let dir: string;
  let servers: Server[];
  const own = process.getuid?.() ?? -1;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-listener-'));
    servers = [];
  });
  afterEach(async () => {
    for (const s of servers) await new Promise((done) => s.close(done));
    await rm(dir, { recursive: true, force: true });
  });

  async function listen(path: string): Promise<string> {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((done) => server.listen(path, done));
    return path;
  }

  it('nobody can be proven on a TCP port; a lab may use loopback alone', async () => {
    expect(await proveListener({ kind: 'tcp', host: '127.0.0.1', port: 27015 }, false, own)).toEqual({ proven: false, why: 'tcp' });
    expect(await proveListener({ kind: 'tcp', host: '127.0.0.1', port: 27015 }, true, own)).toEqual({ proven: true, relaxed: true });
    expect(await proveListener({ kind: 'tcp', host: '192.0.2.7', port: 27015 }, true, own)).toEqual({ proven: false, why: 'tcp' });
  });

  it('a missing socket and a plain file prove nothing', async () => {
    expect(await proveListener({ kind: 'unix', path: join(dir, 'none') }, true, own)).toEqual({ proven: false, why: 'missing' });
    await writeFile(join(dir, 'file'), '');
    expect(await proveListener({ kind: 'unix', path: join(dir, 'file') }, true, own)).toEqual({ proven: false, why: 'not-a-socket' });
  });

  it('a link to a socket is not followed', async () => {
    const path = await listen(join(dir, 'mux'));
    await symlink(path, join(dir, 'link'));
    expect(await proveListener({ kind: 'unix', path: join(dir, 'link') }, true, own)).toEqual({ proven: false, why: 'not-a-socket' });
  });

  ifRoot('root’s socket in root’s folder is proven', async () => {
    const path = await listen(join(dir, 'mux'));
    expect(await proveListener({ kind: 'unix', path }, false, own)).toEqual({ proven: true, relaxed: false });
  });

  ifRoot('a folder that others may write proves nothing, unless it is sticky', async () => {
    const path = await listen(join(dir, 'mux'));
    await chmod(dir, 0o777);
    expect(await proveListener({ kind: 'unix', path }, false, own)).toEqual({ proven: false, why: 'open-folder' });
    await chmod(dir, 0o1777);
    expect(await proveListener({ kind: 'unix', path }, false, own)).toEqual({ proven: true, relaxed: false });
  });

  ifRoot('the one folder of the system that its own group may write to is taken, with exactly that group and mode', async () => {
    const path = await listen(join(dir, 'mux'));
    const known = { path: dir, gid: 1, mode: 0o775 };
    await chown(dir, 0, 1);
    await chmod(dir, 0o775);
    const open = { proven: false, why: 'open-folder' };
    expect(await proveListener({ kind: 'unix', path }, false, own)).toEqual(open);
    expect(await proveListener({ kind: 'unix', path }, false, own, known)).toEqual({ proven: true, relaxed: false });
    expect(await proveListener({ kind: 'unix', path }, false, own, { ...known, path: join(dir, 'x') })).toEqual(open);
    await chown(dir, 0, 20);
    expect(await proveListener({ kind: 'unix', path }, false, own, known)).toEqual(open);
    await chown(dir, 0, 1);
    await chmod(dir, 0o777);
    expect(await proveListener({ kind: 'unix', path }, false, own, known)).toEqual(open);
    await chmod(dir, 0o775);
    await chown(path, 1234, 1234);
    expect(await proveListener({ kind: 'unix', path }, false, own, known)).toEqual({ proven: false, why: 'foreign-owner' });
  });

  ifRoot('a folder of somebody else, anywhere on the way, proves nothing', async () => {
    await mkdir(join(dir, 'theirs', 'deep'), { recursive: true });
    const path = await listen(join(dir, 'theirs', 'deep', 'mux'));
    await chown(join(dir, 'theirs'), 1234, 1234);
    expect(await proveListener({ kind: 'unix', path }, false, own)).toEqual({ proven: false, why: 'open-folder' });
  });

  ifRoot('a link to root’s folder that somebody else can turn proves nothing', async () => {
    await mkdir(join(dir, 'real'));
    await listen(join(dir, 'real', 'mux'));
    await mkdir(join(dir, 'theirs'));
    await symlink(join(dir, 'real'), join(dir, 'theirs', 'way'));
    const path = join(dir, 'theirs', 'way', 'mux');
    expect(await proveListener({ kind: 'unix', path }, false, own)).toEqual({ proven: true, relaxed: false });
    await chown(join(dir, 'theirs'), 1234, 1234);
    expect(await proveListener({ kind: 'unix', path }, false, own)).toEqual({ proven: false, why: 'open-folder' });
  });

  ifRoot('somebody else’s socket is refused, in a lab too', async () => {
    const path = await listen(join(dir, 'mux'));
    await chown(path, 1234, 1234);
    expect(await proveListener({ kind: 'unix', path }, false, own)).toEqual({ proven: false, why: 'foreign-owner' });
    expect(await proveListener({ kind: 'unix', path }, true, own)).toEqual({ proven: false, why: 'foreign-owner' });
    expect(await proveListener({ kind: 'unix', path }, true, 1234)).toEqual({ proven: true, relaxed: true });
  });
});
