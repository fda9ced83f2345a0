import { describe, expect, it } from '@jest/globals';
import { FakeDisk } from '../../test/fake-disk.js';
import { AT, drain, facts, full, open, receipt } from '../../test/spool.js';

describe('outbox: disks that fail', () => {
  it('SEQ-11 a receipt is synced before append returns, facts with the next flush', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    const before = disk.syncs;
    box.append(facts(0), AT);
    expect(disk.syncs).toBe(before);
    box.flush();
    expect(disk.syncs).toBe(before + 1);
    box.append(receipt(), AT);
    expect(disk.syncs).toBe(before + 2);
    disk.cutPower();
    expect(open(disk).status.waiting).toBe(2);
  });

  it('SEQ-11 a full disk: goes on in memory, says so, and writes everything once there is room', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    box.append(receipt(1), AT);
    // Room for half a record: the write is cut short.
    disk.capacity = disk.files.get('spool')!.bytes.length + 60;
    box.append(receipt(2), AT);
    box.append(facts(0), AT);
    box.append(receipt(3), AT);
    expect(box.status).toMatchObject({ waiting: 4, disk: 'full' });
    // A crash now loses what only memory held, and nothing that was on disk.
    expect(open(disk.copy()).status.waiting).toBe(1);
    disk.capacity = Number.POSITIVE_INFINITY;
    box.flush();
    expect(box.status.disk).toBe('ok');
    disk.cutPower();
    expect(drain(open(disk)).map((m) => m.seq)).toEqual([1, 2, 3, 4]);
  });

  it('SEQ-11 SEQ-2 a full disk that does not take the bound: what waits goes out in a new epoch, of which the file knows nothing', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    box.append(full(0), AT);
    box.append(receipt(1), AT);
    const { epoch } = box;
    disk.capacity = 0;
    expect(box.next()).toBeNull();
    expect(box.newEpochBecause).toBe('disk-failed');
    expect(box.epoch).not.toBe(epoch);
    expect(drain(box)).toEqual([{ seq: 1, type: 'fix.received' }]);
    expect(box.owesFull).toBe(true);
    for (let i = 0; i < 1_500; i++) {
      box.append(receipt(i), AT);
      box.next();
      box.ack(i + 2);
    }
    expect(box.newEpochBecause).toBe('disk-failed');
    const after = open(disk.copy());
    expect([after.epoch, after.status.waiting]).toEqual([epoch, 2]);
    disk.capacity = Number.POSITIVE_INFINITY;
    box.flush();
    expect(open(disk.copy()).epoch).toBe(box.epoch);
  });

  it('SEQ-11 a sync that fails leaves nothing to chance: the file is written anew', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    disk.syncFails = 'EIO';
    box.append(receipt(1), AT);
    expect(box.status.disk).toBe('failed');
    disk.syncFails = null;
    box.append(receipt(2), AT);
    expect(box.status.disk).toBe('ok');
    disk.cutPower();
    expect(drain(open(disk)).map((m) => m.seq)).toEqual([1, 2]);
  });

  it('SEQ-11 acknowledgements while the disk is full are not forgotten by memory, and harmless to forget on disk', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    box.append(receipt(1), AT);
    box.append(receipt(2), AT);
    drain(box);
    disk.capacity = 0;
    box.ack(2);
    expect(box.status.waiting).toBe(0);
    const again = open(disk.copy());
    expect(again.status.waiting).toBe(2);
    expect(again.welcome(2)).toBe('resume');
    expect(again.status.waiting).toBe(0);
  });

  it('SEQ-11 a damaged spool is kept beside before another takes its place; a torn tail is no damage', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    box.append(receipt(1), AT);
    box.flush();
    const spool = disk.files.get('spool')!;
    spool.bytes = Buffer.concat([spool.bytes, Buffer.from('0000000f 12')]);
    expect(open(disk).newEpochBecause).toBeNull();
    expect(disk.files.has('spool.damaged')).toBe(false);
    const damaged = Buffer.concat([disk.files.get('spool')!.bytes, Buffer.from('0000000f 00000000 {"a":1}\n')]);
    disk.files.get('spool')!.bytes = damaged;
    const after = open(disk);
    expect([after.newEpochBecause, after.status.waiting]).toEqual(['damaged-spool', 1]);
    expect(disk.files.get('spool.damaged')?.bytes.equals(damaged)).toBe(true);
  });

  it('SEQ-11 a spool that cannot be read is moved aside, not written over', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    box.append(receipt(1), AT);
    box.flush();
    const bytes = Buffer.from(disk.files.get('spool')!.bytes);
    disk.readFails = 'EIO';
    expect(open(disk).newEpochBecause).toBe('unreadable-spool');
    expect(disk.files.get('spool.damaged')?.bytes.equals(bytes)).toBe(true);
  });

  it('SEQ-11 a damaged spool on a full disk stays where it is', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    box.append(receipt(1), AT);
    box.flush();
    const damaged = Buffer.concat([disk.files.get('spool')!.bytes, Buffer.from('x\n')]);
    disk.files.get('spool')!.bytes = damaged;
    disk.capacity = damaged.length;
    const after = open(disk);
    expect([after.newEpochBecause, after.status.waiting, after.status.disk]).toEqual(['damaged-spool', 1, 'full']);
    expect(disk.files.get('spool')?.bytes.equals(damaged)).toBe(true);
  });
});
