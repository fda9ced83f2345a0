import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FakeDisk } from '../../test/fake-disk.js';
import { agentFiles } from './disk.js';
import { makeIdentity, saveEnrolment } from './identity.js';
import { clockSetBack, LastRun, readLastRun, SET_BACK_MS } from './last-run.js';
import { readStanding } from './standing.js';

const NOW = Date.UTC(2026, 10, 24, 9);
const path = agentFiles('/agent').lastRun;

describe('the note of the last run', () => {
  it('is written once a minute, on contact and at the end', () => {
    const disk = new FakeDisk();
    let now = NOW;
    const run = new LastRun(path, disk, () => now);
    run.note();
    expect(readLastRun(path, disk)).toEqual({ schema: 1, ranAt: '2026-11-24T09:00:00.000Z', contactAt: null });
    const writes = disk.syncs;
    now += 59_000;
    run.note(now);
    expect(disk.syncs).toBe(writes);
    now += 1_000;
    run.note(now + 5_000);
    expect(readLastRun(path, disk)).toEqual({ schema: 1, ranAt: '2026-11-24T09:01:00.000Z', contactAt: '2026-11-24T09:01:05.000Z' });
    run.heard(now + 7_000);
    expect(readLastRun(path, disk)?.contactAt).toBe('2026-11-24T09:01:07.000Z');
    // The next process knows when the server was heard, and keeps it while it is not.
    new LastRun(path, disk, () => now + 1).note();
    expect(readLastRun(path, disk)).toMatchObject({ ranAt: '2026-11-24T09:01:00.001Z', contactAt: '2026-11-24T09:01:07.000Z' });
  });

  it('is written when the clock was set back, and never throws on a disk that fails', () => {
    const disk = new FakeDisk();
    let now = NOW;
    const run = new LastRun(path, disk, () => now);
    run.note();
    now -= 86_400_000;
    run.note();
    expect(readLastRun(path, disk)?.ranAt).toBe('2026-11-23T09:00:00.000Z');
    disk.capacity = 0;
    now += 600_000;
    run.note();
    run.heard(now);
    expect(readLastRun(path, disk)?.ranAt).toBe('2026-11-23T09:00:00.000Z');
  });
});

describe('a clock that was set back', () => {
  it('is one that is more than a minute behind what was noted', () => {
    const disk = new FakeDisk();
    expect(clockSetBack('/agent', NOW, null, disk)).toBeNull();
    new LastRun(path, disk, () => NOW).heard(NOW + 600_000);
    expect(clockSetBack('/agent', NOW + 600_000 - SET_BACK_MS, null, disk)).toBeNull();
    expect(clockSetBack('/agent', NOW + 600_000 - SET_BACK_MS - 1, null, disk)).toMatchObject({ field: 'contactAt' });
    expect(clockSetBack('/agent', NOW - SET_BACK_MS - 1, null, disk)).toMatchObject({
      field: 'ranAt',
      file: path,
      message: expect.stringContaining('2026-11-24T08:58:59.999Z'),
    });
  });
});

describe('how the folder stands', () => {
  it('is only looked at: an enrolment cut off between its two writes is not finished by it', () => {
    const dir = mkdtempSync(join(tmpdir(), 'lockstep-standing-'));
    try {
      const files = agentFiles(dir);
      const answer = { hostId: '0e0a8f6c-6f0b-4f6e-9d0a-1f2e3d4c5b6a', orderKeyId: '0123456789abcdef', orderKey: 'A'.repeat(43) };
      const made = makeIdentity(files.key);
      saveEnrolment(dir, 'https://lockstep.example', made.publicKey, answer, { now: NOW });
      makeIdentity(files.nextKey);
      expect(readStanding(dir, NOW)).toMatchObject({
        folder: 'ok',
        key: 'usable',
        enrolled: { server: 'https://lockstep.example', enrolledAt: '2026-11-24T09:00:00.000Z' },
        pid: null,
        spool: null,
        problems: [],
      });
      rmSync(files.key);
      expect(readStanding(dir, NOW)).toMatchObject({ key: 'unusable', problems: [{ code: 'key-malformed' }] });
      rmSync(files.nextKey);
      expect(readStanding(dir, NOW)).toMatchObject({ key: 'missing', problems: [{ code: 'key-unreadable' }] });
      expect(readStanding(join(dir, 'nowhere'), NOW)).toMatchObject({ folder: 'missing', key: 'missing', problems: [] });
      expect(readStanding(files.enrolment, NOW)).toMatchObject({ folder: 'unusable', problems: [{ code: 'dir-unusable' }] });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
