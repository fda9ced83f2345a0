import { describe, expect, it } from '@jest/globals';
import { LIMITS } from '@lockstep/core/protocol';
import { FakeDisk } from '../../test/fake-disk.js';
import { AT, drain, fact, facts, full, open, receipt, still } from '../../test/spool.js';

describe('outbox: numbers and restarts', () => {
  it('SEQ-1 a new spool has a random epoch; SEQ-2 numbers ascend from 1', () => {
    const a = open(new FakeDisk());
    const b = open(new FakeDisk());
    expect(a.epoch).toMatch(/^[0-9a-f]{32}$/);
    expect(a.epoch).not.toBe(b.epoch);
    expect(a.newEpochBecause).toBe('new-spool');
    expect([a.append(facts(0), AT), a.append(receipt(), AT), a.append(still, AT)]).toEqual([1, 2, 3]);
  });

  it('SEQ-6 keeps what is not acknowledged over a restart, in order, and numbers go on', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    for (let i = 0; i < 5; i++) box.append(facts(i % 3), AT);
    drain(box);
    box.ack(2);
    box.close();
    const again = open(disk);
    expect(again.epoch).toBe(box.epoch);
    expect(again.newEpochBecause).toBeNull();
    expect(again.append(receipt(), AT)).toBe(6);
    expect(drain(again).map((m) => m.seq)).toEqual([3, 4, 5, 6]);
  });

  it('SEQ-2 a number is not used again when everything was acknowledged and the file was written anew', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    box.append(facts(0), AT);
    drain(box);
    box.ack(1);
    box.close();
    const again = open(disk);
    expect(again.status.waiting).toBe(0);
    expect(again.append(facts(1), AT)).toBe(2);
    expect(again.welcome(1)).toBe('resume');
  });

  it('SEQ-12 torn at every byte of the last record: that record is lost, the epoch and all others stay', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    box.append(receipt(1), AT);
    box.append(receipt(2), AT);
    const before = disk.files.get('spool')!.bytes.length;
    box.append(receipt(3), AT);
    const whole = disk.files.get('spool')!.bytes;
    for (let length = before; length <= whole.length; length++) {
      const torn = new FakeDisk();
      torn.files.set('spool', { bytes: whole.subarray(0, length), synced: length });
      const found = open(torn);
      expect(found.epoch).toBe(box.epoch);
      const n = length === whole.length ? 3 : 2;
      expect(drain(found).map((m) => m.seq)).toEqual([1, 2, 3].slice(0, n));
      // What is appended next stands on clean ground.
      found.append(receipt(4), AT);
      expect(drain(open(torn)).map((m) => m.seq)).toEqual([...[1, 2, 3].slice(0, n), n + 1]);
    }
  });

  it('SEQ-12 a spool damaged in the middle keeps its receipts and begins a new epoch', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    box.append(receipt(1), AT);
    const at = disk.files.get('spool')!.bytes.length;
    box.append(facts(0), AT);
    box.append(facts(1), AT);
    box.append(receipt(2), AT);
    disk.files.get('spool')!.bytes[at + 30]! ^= 1;
    const found = open(disk);
    expect(found.newEpochBecause).toBe('damaged-spool');
    expect(found.epoch).not.toBe(box.epoch);
    expect(found.owesFull).toBe(true);
    expect(drain(found)).toEqual([
      { seq: 1, type: 'fix.received' },
      { seq: 2, type: 'fix.received' },
    ]);
  });

  it.each([
    ['garbage', 'unreadable-spool'],
    ['', 'unreadable-spool'],
  ])('SEQ-1 a spool that holds %j is not believed', (content, because) => {
    const disk = new FakeDisk();
    disk.files.set('spool', { bytes: Buffer.from(content), synced: 0 });
    expect(open(disk).newEpochBecause).toBe(because);
  });

  it('SEQ-1 a spool the system does not let us read begins a new epoch, in memory if need be', () => {
    const disk = new FakeDisk();
    disk.readFails = 'EIO';
    disk.syncFails = 'EIO';
    const box = open(disk);
    expect(box.newEpochBecause).toBe('unreadable-spool');
    box.append(receipt(), AT);
    expect(box.status).toMatchObject({ waiting: 1, disk: 'failed' });
  });

  it('SEQ-1 another host id (enrolled again) begins a new epoch and drops what was for the old one', () => {
    const disk = new FakeDisk();
    open(disk).append(receipt(), AT);
    const box = open(disk, { hostId: '7b1d9a52-3c44-4c0e-8f11-2a3b4c5d6e7f' });
    expect(box.newEpochBecause).toBe('re-enrolled');
    expect(box.status.waiting).toBe(0);
  });
});

describe('outbox: acknowledgement', () => {
  it('SEQ-5 an acknowledgement stands for everything up to it', () => {
    const box = open(new FakeDisk());
    for (let i = 0; i < 5; i++) box.append(receipt(i), AT);
    drain(box);
    expect(box.ack(4)).toBe(true);
    expect(box.status).toMatchObject({ waiting: 1, acked: 4 });
    expect(box.ack(2)).toBe(true);
    expect(box.status.acked).toBe(4);
  });

  it('SEQ-7 holds back what is beyond the window, and lets it go with acknowledgements', () => {
    const box = open(new FakeDisk());
    for (let i = 0; i < LIMITS.inFlight + 10; i++) box.append(receipt(i), AT);
    expect(drain(box)).toHaveLength(LIMITS.inFlight);
    box.ack(3);
    expect(drain(box).map((m) => m.seq)).toEqual([65, 66, 67]);
  });

  it('SEQ-6 sends again from acked + 1 after a connection was lost', () => {
    const box = open(new FakeDisk());
    for (let i = 0; i < 5; i++) box.append(receipt(i), AT);
    drain(box);
    box.disconnected();
    expect(box.welcome(2)).toBe('resume');
    expect(drain(box).map((m) => m.seq)).toEqual([3, 4, 5]);
  });

  it('SEQ-9 does not believe an acknowledgement of what was never sent', () => {
    const box = open(new FakeDisk());
    box.append(receipt(1), AT);
    box.append(receipt(2), AT);
    box.next();
    expect(box.ack(2)).toBe(false);
    expect(box.status.waiting).toBe(2);
  });

  it('SEQ-8 a server that has more than was ever sent: rolled back, new epoch, receipts carried over, a whole picture owed', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    box.append(full(0), AT);
    box.append(receipt(7), AT);
    box.append(still, AT);
    const epoch = box.epoch;
    expect(box.welcome(40)).toBe('new-epoch');
    expect(box.newEpochBecause).toBe('rolled-back');
    expect(box.epoch).not.toBe(epoch);
    expect(box.owesFull).toBe(true);
    expect(drain(box)).toEqual([{ seq: 1, type: 'fix.received' }]);
    expect(open(disk).epoch).toBe(box.epoch);
  });

  it('SEQ-2 a number that was sent and lost in a power cut is not given again, however often the agent starts', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    box.append(facts(0), AT);
    expect(drain(box).map((m) => m.seq)).toEqual([1]);
    box.append(facts(1), AT);
    expect(drain(box).map((m) => m.seq)).toEqual([2]);
    disk.cutPower();
    expect(open(disk.copy()).status.waiting).toBe(1);
    for (let start = 0; start < 3; start++) open(disk);
    const again = open(disk);
    expect(again.epoch).toBe(box.epoch);
    expect(again.append(receipt(1), AT)).toBe(1_002);
    expect(again.welcome(2)).toBe('resume');
    expect(drain(again).map((m) => m.seq)).toEqual([1_002]);
  });

  it('SEQ-8 a spool put back from a copy is noticed, though it gave the same numbers again and was started twice since', () => {
    const disk = new FakeDisk();
    const box = open(disk);
    for (let i = 0; i < 3; i++) box.append(receipt(i), AT);
    drain(box);
    box.ack(3);
    box.close();
    const old = disk.copy();
    const later = open(disk);
    for (let i = 3; i < 9; i++) later.append(receipt(i), AT);
    drain(later);
    later.ack(9);
    for (let i = 20; i < 30; i++) open(old).append(receipt(i), AT);
    const back = open(old);
    expect(back.epoch).toBe(box.epoch);
    expect(back.welcome(9)).toBe('new-epoch');
    expect(back.newEpochBecause).toBe('rolled-back');
    expect(drain(back)).toHaveLength(10);
  });

  it('SEQ-8 a server that lost what it acknowledged (restored from a backup) is told everything anew', () => {
    const box = open(new FakeDisk());
    box.append(full(0), AT);
    drain(box);
    box.ack(1);
    expect(box.welcome(0)).toBe('new-epoch');
    expect(box.newEpochBecause).toBe('server-lost');
  });

  it('SEQ-13 a new epoch begins at nothing', () => {
    const box = open(new FakeDisk());
    box.append(full(0), AT);
    expect(box.welcome(0)).toBe('resume');
  });
});

describe('outbox: bounds', () => {
  const small = { bytes: 1_000_000, messages: 4 };

  it('SEQ-10 a later still takes the place of one that was not sent; one on the wire stays', () => {
    const box = open(new FakeDisk());
    box.append(still, AT);
    box.append(facts(0), AT);
    box.append(still, AT);
    expect(drain(box)).toEqual([
      { seq: 2, type: 'facts' },
      { seq: 3, type: 'still' },
    ]);
    box.append(still, AT);
    expect(box.status.waiting).toBe(3);
    expect(box.status.dropped).toBe(0);
  });

  it('SEQ-10 drops stills first, then superseded facts, and owes nothing for them', () => {
    const box = open(new FakeDisk(), { limits: small });
    box.append(full(0), AT);
    box.append(facts(0, 1), AT);
    box.append(still, AT);
    box.append(facts(0), AT);
    box.append(facts(1), AT);
    expect(box.status).toMatchObject({ waiting: 4, dropped: 1 });
    box.append(facts(2), AT);
    expect(box.owesFull).toBe(false);
    expect(drain(box).map((m) => m.seq)).toEqual([1, 4, 5, 6]);
  });

  it('SEQ-10 a whole picture makes everything before it moot, and only another makes it moot itself', () => {
    const box = open(new FakeDisk(), { limits: small });
    box.append(full(0), AT);
    box.append(facts(1), AT);
    box.append(full(0, 1), AT);
    box.append(facts(0), AT);
    box.append(facts(1), AT);
    box.append(facts(2), AT);
    expect(drain(box).map((m) => m.seq)).toEqual([3, 4, 5, 6]);
    expect(box.owesFull).toBe(false);
  });

  it('SEQ-10 the facts of a result count as told again', () => {
    const box = open(new FakeDisk(), { limits: { ...small, messages: 2 } });
    box.append(full(2), AT);
    box.append(facts(0), AT);
    box.append({ type: 'fix.settled', runId: receipt(1).runId, mechanics: 'done', detail: null, facts: [fact(0)] }, AT);
    expect(box.owesFull).toBe(false);
    expect(drain(box).map((m) => m.seq)).toEqual([1, 3]);
  });

  it('SEQ-10 when readings that nothing supersedes had to go, a whole picture is owed', () => {
    const box = open(new FakeDisk(), { limits: { ...small, messages: 2 } });
    box.append(full(), AT);
    box.append(facts(0), AT);
    box.append(facts(1), AT);
    expect(box.status.dropped).toBe(1);
    expect(box.owesFull).toBe(true);
    box.append(full(0, 1), AT);
    expect(box.owesFull).toBe(false);
  });

  it('SEQ-10 receipts are never dropped, by count nor by bytes', () => {
    const box = open(new FakeDisk(), { limits: { bytes: 500, messages: 3 } });
    for (let i = 0; i < 50; i++) {
      box.append(receipt(i), AT);
      box.append(facts(i % 3), AT);
    }
    expect(box.status.waiting).toBe(50);
    const sent = drain(box);
    expect(sent.every((m) => m.type === 'fix.received')).toBe(true);
  });

  it('SEQ-10 what was dropped stays dropped after a restart, and the file stays bounded', () => {
    const disk = new FakeDisk();
    const box = open(disk, { limits: { bytes: 20_000, messages: 100 } });
    for (let i = 0; i < 1_500; i++) box.append(facts(i % 3), AT);
    expect(disk.files.get('spool')!.bytes.length).toBeLessThan(65_536 + 2 * 20_000 + 2_000);
    const waiting = box.status.waiting;
    box.close();
    expect(open(disk).status.waiting).toBe(waiting);
  });

  it('LIM-1 does not take a message that no frame can hold', () => {
    const box = open(new FakeDisk());
    const many = { ...facts(), facts: Array.from({ length: 3_000 }, () => fact(0)) };
    expect(() => box.append(many, AT)).toThrow(RangeError);
    expect(box.append(facts(0), AT)).toBe(1);
  });
});
