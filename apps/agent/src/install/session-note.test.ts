import { spawnSync } from 'node:child_process';
import { linkSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { leaveNote, readNotes, type SessionNote } from './index.js';

const uid = process.geteuid?.() ?? 0;
const note: SessionNote = {
  schema: 1,
  agent: '0.1.0',
  uid,
  at: '2026-11-24T09:00:00.000Z',
  facts: [
    { kind: 'mux-list', subject: 'host', state: 'failed', reason: 'denied', at: '2026-11-24T09:00:00.000Z', probe: 'mux-list', tookMs: 1 },
  ],
};
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lockstep-session-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the note of a session', () => {
  it('is private, whole, and replaces the one before', () => {
    leaveNote(dir, note);
    leaveNote(dir, { ...note, at: '2026-11-24T09:05:00.000Z' });
    expect(readdirSync(dir)).toEqual([`${uid}.json`]);
    expect(statSync(join(dir, `${uid}.json`)).mode & 0o777).toBe(0o600);
    expect(readNotes(dir)).toEqual([{ ...note, at: '2026-11-24T09:05:00.000Z' }]);
  });

  it('counts only when it belongs to whom it names, and is one', () => {
    const text = JSON.stringify(note);
    // Somebody writes in the name of another.
    writeFileSync(join(dir, `${uid + 1}.json`), JSON.stringify({ ...note, uid: uid + 1 }));
    writeFileSync(join(dir, 'x.json'), text);
    expect(readNotes(dir)).toEqual([]);
    for (const content of [
      '',
      '{',
      '[]',
      text.replace('"schema":1', '"schema":2'),
      text.replace(`"uid":${uid}`, '"uid":77'),
      'x'.repeat(300_000),
    ]) {
      writeFileSync(join(dir, `${uid}.json`), content);
      expect(readNotes(dir)).toEqual([]);
    }
  });

  it('is not read through a link, nor waited for in a pipe', () => {
    const elsewhere = join(dir, 'elsewhere');
    writeFileSync(elsewhere, JSON.stringify(note));
    symlinkSync(elsewhere, join(dir, `${uid}.json`));
    expect(readNotes(dir)).toEqual([]);
    rmSync(join(dir, `${uid}.json`));
    expect(spawnSync('mkfifo', [join(dir, `${uid}.json`)]).status).toBe(0);
    expect(readNotes(dir)).toEqual([]);
    expect(readNotes(join(dir, 'nowhere'))).toEqual([]);
  });

  it('is not written through a link', () => {
    writeFileSync(join(dir, 'victim'), 'mine');
    symlinkSync(join(dir, 'victim'), join(dir, `${uid}.json.next`));
    linkSync(join(dir, 'victim'), join(dir, `${uid}.json`));
    leaveNote(dir, note);
    expect(statSync(join(dir, 'victim')).size).toBe(4);
    expect(readNotes(dir)).toEqual([note]);
  });
});
