import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { commentLines, differByMarks, HOSTS_MARK, writeHostsAt } from './hosts-file.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');

describe('marks before lines', () => {
  it('are all that is ever written, whatever stands in the file', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.constantFrom('127.0.0.1 localhost', '1.2.3.4 gs.apple.com', '', '# x', '\u00ff\u0000'),
    );
    const text = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\n\n'))).map((ls) => ls.map(([l, end]) => l + end).join(''));
    fc.assert(
      fc.property(text, fc.boolean(), (t, cut) => {
        const from = bytes(cut ? t.trimEnd() : t);
        const { bytes: to, lines } = commentLines(from, (l) => l.includes('a') && !l.startsWith('#'));
        expect(differByMarks(from, to)).toBe(true);
        expect(differByMarks(to, from)).toBe(true);
        expect(Buffer.from(to).toString('latin1').split(HOSTS_MARK).length - 1).toBe(lines);
        expect(Buffer.from(to).toString('latin1').replaceAll(HOSTS_MARK, '')).toBe(from.toString('latin1'));
      }),
    );
  });

  it.each([
    ['1.2.3.4 a\n', '1.2.3.5 a\n'],
    ['1.2.3.4 a\n', '1.2.3.4 a\n1.2.3.4 b\n'],
    ['1.2.3.4 a\n1.2.3.4 b\n', '1.2.3.4 a\n'],
    ['1.2.3.4 a\n', '#1.2.3.4 a\n'],
    [`${HOSTS_MARK}x\ny\n`, `x\n${HOSTS_MARK}y\n`],
  ])('%j to %j is something else', (a, b) => {
    expect([differByMarks(bytes(a), bytes(b)), differByMarks(bytes(b), bytes(a))]).toEqual([false, false]);
  });
});

describe('the hosts file', () => {
  let dir: string;
  let path: string;
  const OLD = bytes('127.0.0.1 localhost\r\n17.0.0.1 gs.apple.com\r\n');
  const NEW = commentLines(OLD, (l) => l.includes('apple')).bytes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-hosts-'));
    path = join(dir, 'hosts');
    await writeFile(path, OLD);
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it('is replaced as a whole, with the same mode and owner, and back', async () => {
    await chmod(path, 0o664);
    const before = await stat(path);
    await writeHostsAt(path, OLD, NEW);
    expect(await readFile(path, 'latin1')).toBe(`127.0.0.1 localhost\r\n${HOSTS_MARK}17.0.0.1 gs.apple.com\r\n`);
    const after = await stat(path);
    expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid]);
    await writeHostsAt(path, NEW, OLD);
    expect(await readFile(path)).toEqual(OLD);
    expect(await readdir(dir)).toEqual(['hosts']);
  });

  it('is left as it is when somebody wrote to it meanwhile', async () => {
    await writeFile(path, 'theirs\n');
    await expect(writeHostsAt(path, OLD, NEW)).rejects.toMatchObject({ why: 'changed' });
    expect([await readFile(path, 'utf8'), await readdir(dir)]).toEqual(['theirs\n', ['hosts']]);
  });

  it('is left where it is a link or missing, and where more than marks would change', async () => {
    await expect(writeHostsAt(path, OLD, bytes('0.0.0.0 example.com\n'))).rejects.toMatchObject({ why: 'not-comments' });
    await rm(path);
    await expect(writeHostsAt(path, OLD, NEW)).rejects.toMatchObject({ why: 'missing' });
    await writeFile(join(dir, 'generated'), OLD);
    await symlink(join(dir, 'generated'), path);
    await expect(writeHostsAt(path, OLD, NEW)).rejects.toMatchObject({ why: 'link' });
    expect(await readFile(join(dir, 'generated'))).toEqual(OLD);
  });

  it('is never reached through what somebody laid where the new one is made', async () => {
    await writeFile(join(dir, 'victim'), 'untouched');
    await symlink(join(dir, 'victim'), join(dir, 'hosts.lockstep-next'));
    await writeHostsAt(path, OLD, NEW);
    expect([await readFile(join(dir, 'victim'), 'utf8'), await readFile(path)]).toEqual(['untouched', Buffer.from(NEW)]);
  });
});
