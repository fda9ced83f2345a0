import { describe, expect, it } from '@jest/globals';
import { FakeDisk } from '../../test/fake-disk.js';
import { Journal, KEPT_MS } from './journal.js';

const RUN = '5f6b0c1e-8a77-4c2b-9f3d-0a1b2c3d4e5f';
const OTHER = '6f6b0c1e-8a77-4c2b-9f3d-0a1b2c3d4e5f';
const order = (runId = RUN) => ({ runId, fix: 'F11' as const, udid: '00008110-001A2B3C4D5E801E' });
const open = (disk: FakeDisk, now = 1_000) => Journal.open('journal', disk, () => now);

describe('journal', () => {
  it('RUN-1 every stage is on disk when its method returns', () => {
    const disk = new FakeDisk();
    const journal = open(disk);
    journal.taken(order());
    disk.cutPower();
    expect(open(disk).unsettled()).toMatchObject([{ runId: RUN, stage: 'taken', fix: 'F11' }]);
    const second = open(disk);
    second.acting(RUN);
    disk.cutPower();
    expect(open(disk).unsettled()).toMatchObject([{ runId: RUN, stage: 'acting' }]);
    open(disk).settled(RUN, 'done');
    disk.cutPower();
    const last = open(disk);
    expect(last.unsettled()).toEqual([]);
    expect(last.has(RUN)).toBe(true);
  });

  it('RUN-4 knows every run it ever took, settled or not', () => {
    const disk = new FakeDisk();
    const journal = open(disk);
    journal.taken(order());
    journal.settled(RUN, 'failed');
    expect([open(disk).has(RUN), open(disk).has(OTHER)]).toEqual([true, false]);
  });

  it('RUN-1 torn at every byte of the last line, keeps the lines before', () => {
    const disk = new FakeDisk();
    const journal = open(disk);
    journal.taken(order());
    const before = disk.files.get('journal')!.bytes.length;
    journal.acting(RUN);
    const whole = disk.files.get('journal')!.bytes;
    for (let length = before; length < whole.length; length++) {
      const torn = new FakeDisk();
      torn.files.set('journal', { bytes: whole.subarray(0, length), synced: length });
      const found = open(torn);
      expect(found.stageOf(RUN)).toBe('taken');
      found.taken(order(OTHER));
      expect(
        open(torn)
          .unsettled()
          .map((r) => r.runId),
      ).toEqual([RUN, OTHER]);
    }
  });

  it('RUN-1 throws when the disk is full, has written nothing that counts, and works again when there is room', () => {
    const disk = new FakeDisk();
    const journal = open(disk);
    journal.taken(order());
    disk.capacity = disk.files.get('journal')!.bytes.length + 10;
    expect(() => journal.taken(order(OTHER))).toThrow('ENOSPC');
    expect(journal.has(OTHER)).toBe(false);
    expect(() => journal.acting(RUN)).toThrow('ENOSPC');
    expect(journal.stageOf(RUN)).toBe('taken');
    disk.capacity = Number.POSITIVE_INFINITY;
    journal.acting(RUN);
    expect(open(disk).unsettled()).toMatchObject([{ runId: RUN, stage: 'acting' }]);
  });

  it('RUN-9 forgets settled runs after thirty days, unsettled ones never', () => {
    const disk = new FakeDisk();
    const journal = open(disk);
    journal.taken(order());
    journal.settled(RUN, 'done');
    journal.taken(order(OTHER));
    expect(open(disk, 1_000 + KEPT_MS).has(RUN)).toBe(true);
    const later = open(disk, 1_001 + KEPT_MS);
    expect([later.has(RUN), later.has(OTHER)]).toEqual([false, true]);
  });

  it('RUN-9 stays small over many runs', () => {
    const disk = new FakeDisk();
    for (let i = 0; i < 40; i++) {
      const journal = open(disk, i * KEPT_MS);
      for (let j = 0; j < 10; j++) {
        const runId = `5f6b0c1e-8a77-4c2b-9f3d-${String(i * 10 + j).padStart(12, '0')}`;
        journal.taken(order(runId));
        journal.acting(runId);
        journal.settled(runId, 'done');
      }
    }
    expect(disk.files.get('journal')!.bytes.length).toBeLessThan(300 * 250);
  });
});
