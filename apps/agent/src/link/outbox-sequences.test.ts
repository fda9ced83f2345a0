import { describe, expect, it } from '@jest/globals';
import { FAIL_REASONS, type Fact, factKey } from '@lockstep/core/health';
import type { AgentMessage } from '@lockstep/core/protocol';
import fc from 'fast-check';
import { FakeDisk } from '../../test/fake-disk.js';
import { Outbox } from './outbox.js';

/**
 * Any sequence of telling, sending, committing, losing acknowledgements, losing connections, power cuts and full disks: in the end the
 * server has every receipt that was safe, in order, each once per epoch, and shows what the agent told last.
 */

const AT = '2026-11-24T09:00:00.000Z';
const HOST = '0e0a8f6c-6f0b-4f6e-9d0a-1f2e3d4c5b6a';

class World {
  readonly disk = new FakeDisk();
  ms = 0;
  box = this.#open();
  /** What the owner of the link knows now: what every whole picture holds. */
  readonly truth = new Map<string, Fact>();
  /** Receipts whose append returned with the disk in order. */
  readonly safe: string[] = [];
  readonly wire: AgentMessage[] = [];
  readonly committed: AgentMessage[] = [];
  readonly last = new Map<string, number>();
  connected = false;
  #runs = 0;

  #open(): Outbox {
    return Outbox.open({
      path: 'spool',
      hostId: HOST,
      disk: this.disk,
      monotonic: () => (this.ms += 1_000),
      limits: { bytes: 6_000, messages: 7 },
    });
  }

  tell(phone: number, reason: number): void {
    const fact: Fact = {
      kind: 'lockdown',
      subject: { udid: `00008110-00000000000000${phone.toString(16).padStart(2, '0').toUpperCase()}` },
      state: 'failed',
      reason: FAIL_REASONS[reason % FAIL_REASONS.length] ?? 'io',
      at: AT,
      probe: 'p',
      tookMs: 1,
    };
    this.truth.set(factKey(fact), fact);
    this.box.append({ type: 'facts', full: false, facts: [fact] }, AT);
  }

  receipt(): void {
    const runId = `5f6b0c1e-8a77-4c2b-9f3d-${String(++this.#runs).padStart(12, '0')}`;
    this.box.append({ type: 'fix.received', runId }, AT);
    if (this.box.status.disk === 'ok') this.safe.push(runId);
  }

  connect(): void {
    this.wire.length = 0;
    this.connected = this.box.welcome(this.last.get(this.box.epoch) ?? 0) === 'resume';
    // As the link does: a whole picture when one is owed.
    if (this.connected && this.box.owesFull) this.box.append({ type: 'facts', full: true, facts: [...this.truth.values()] }, AT);
  }

  send(): void {
    if (!this.connected) return;
    const { epoch } = this.box;
    for (let m = this.box.next(); m; m = this.box.next()) this.wire.push(JSON.parse(m.text) as AgentMessage);
    // What is on the wire may still be committed; its acknowledgement would be of an epoch that is over.
    if (this.box.epoch !== epoch) {
      this.commit(1_000, true);
      this.disconnect();
    }
  }

  /** The server commits up to `n` messages; the acknowledgement of the last may be lost. */
  commit(n: number, ackLost: boolean): void {
    if (!this.connected) return;
    const taken = this.wire.splice(0, n);
    for (const m of taken) {
      if (m.seq <= (this.last.get(m.epoch) ?? 0)) continue;
      this.last.set(m.epoch, m.seq);
      this.committed.push(m);
    }
    const last = taken.at(-1);
    if (last && !ackLost) expect(this.box.ack(last.seq)).toBe(true);
  }

  disconnect(): void {
    this.connected = false;
    this.box.disconnected();
  }

  crash(keep: number): void {
    this.disconnect();
    this.disk.cutPower(keep);
    // What only memory held while the disk was full may be gone.
    this.box = this.#open();
  }

  /** Everything works again, until nothing waits. */
  settle(): void {
    this.disk.capacity = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 20; i++) {
      this.disconnect();
      this.connect();
      for (let j = 0; j < 20; j++) {
        this.send();
        this.commit(1_000, false);
      }
      if (this.connected && this.box.status.waiting === 0 && !this.box.owesFull) return;
    }
    throw new Error('the outbox never ran empty');
  }

  shown(): Map<string, Fact> {
    const shown = new Map<string, Fact>();
    for (const m of this.committed) {
      if (m.type !== 'facts') continue;
      if (m.full) shown.clear();
      for (const f of m.facts) shown.set(factKey(f), f);
    }
    return shown;
  }
}

// Telling, sending and connecting come up often enough that long chains of them happen; a power cut mostly loses everything unsynced.
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('tell' as const), phone: fc.nat(7), reason: fc.nat(13) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('receipt' as const) }) },
  fc.record({ do: fc.constant('still' as const) }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('commit' as const), n: fc.integer({ min: 1, max: 5 }), ackLost: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('connect' as const) }) },
  fc.record({ do: fc.constant('disconnect' as const) }),
  fc.record({ do: fc.constant('crash' as const), keep: fc.oneof(fc.constant(0), fc.nat(400)) }),
  fc.record({ do: fc.constant('flush' as const) }),
  fc.record({ do: fc.constant('fill' as const), room: fc.nat(300) }),
  fc.record({ do: fc.constant('free' as const) }),
);

describe('outbox under any sequence', () => {
  it('SEQ-4 SEQ-6 nothing that was safe is lost, order is kept, nothing has effect twice within an epoch', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 150, size: 'max' }), (steps) => {
        const w = new World();
        for (const s of steps) {
          if (s.do === 'tell') w.tell(s.phone, s.reason);
          else if (s.do === 'receipt') w.receipt();
          else if (s.do === 'still') w.box.append({ type: 'still', except: [] }, AT);
          else if (s.do === 'send') w.send();
          else if (s.do === 'commit') w.commit(s.n, s.ackLost);
          else if (s.do === 'connect') w.connect();
          else if (s.do === 'disconnect') w.disconnect();
          else if (s.do === 'crash') w.crash(s.keep);
          else if (s.do === 'flush') w.box.flush();
          else if (s.do === 'fill') w.disk.capacity = [...w.disk.files.values()].reduce((n, f) => n + f.bytes.length, 0) + s.room;
          else w.disk.capacity = Number.POSITIVE_INFINITY;
        }
        w.settle();

        const seen = new Map<string, number>();
        for (const m of w.committed) {
          expect(m.seq).toBeGreaterThan(seen.get(m.epoch) ?? 0);
          seen.set(m.epoch, m.seq);
        }
        const firsts = [...new Set(w.committed.flatMap((m) => (m.type === 'fix.received' ? [m.runId] : [])))];
        for (const runId of w.safe) expect(firsts).toContain(runId);
        expect(firsts.filter((r) => w.safe.includes(r))).toEqual(w.safe);
        expect(Object.fromEntries(w.shown())).toEqual(Object.fromEntries(w.truth));
      }),
      { numRuns: 400 },
    );
  });
});
