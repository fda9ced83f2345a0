import { describe, expect, it } from '@jest/globals';
import { ANSWER_MS, LiveSocket, type LiveState, RETRY_MAX_MS, SILENCE_MS, type WireEvents } from './socket.js';

/** A server, a clock and chance, driven by hand. */
class World {
  at = 0;
  chance = 0.5;
  timers: { due: number; run: () => void }[] = [];
  wires: { events: WireEvents; sent: string[]; closed: boolean }[] = [];
  states: LiveState[] = [];
  messages: string[] = [];
  regained = 0;
  socket = new LiveSocket(
    {
      open: (events) => {
        const wire = { events, sent: [] as string[], closed: false };
        this.wires.push(wire);
        return {
          send: (t) => wire.sent.push(t),
          close: () => {
            wire.closed = true;
          },
        };
      },
      now: () => this.at,
      random: () => this.chance,
      later: (ms, run) => {
        const timer = { due: this.at + ms, run };
        this.timers.push(timer);
        return () => {
          this.timers = this.timers.filter((t) => t !== timer);
        };
      },
    },
    {
      message: (m) => this.messages.push(m.type),
      state: (s) => this.states.push(s),
      regained: () => {
        this.regained++;
      },
    },
  );
  get wire() {
    const wire = this.wires.at(-1);
    if (!wire) throw new Error('nothing was opened');
    return wire;
  }
  pass(ms: number) {
    const end = this.at + ms;
    for (;;) {
      const next = this.timers.filter((t) => t.due <= end).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.timers = this.timers.filter((t) => t !== next);
      this.at = next.due;
      next.run();
    }
    this.at = end;
  }
  greet() {
    this.wire.events.open();
    this.wire.events.text('{"type":"hello","time":"2026-11-24T09:00:00.000Z"}');
  }
}
const begun = () => {
  const w = new World();
  w.socket.watch({ type: 'watch.fleet' });
  w.socket.start();
  w.greet();
  return w;
};

describe('the live connection', () => {
  it('says what it watches when it opens, and is live when it is greeted', () => {
    const w = begun();
    expect(w.wire.sent).toEqual(['{"type":"watch.fleet"}']);
    expect(w.states).toEqual([{ status: 'live', since: 0 }]);
    expect(w.regained).toBe(0);
  });

  it('says since when it is lost, and keeps saying the same moment while it tries', () => {
    const w = begun();
    w.pass(5000);
    w.wire.events.closed(1006);
    expect(w.socket.state).toEqual({ status: 'lost', since: 5000, retryAt: 5500 });
    w.pass(500);
    w.wire.events.closed(1006);
    expect(w.socket.state).toMatchObject({ status: 'lost', since: 5000 });
  });

  it('watches again after a loss and has what was missed read once', () => {
    const w = begun();
    w.wire.events.closed(1001);
    w.pass(RETRY_MAX_MS);
    w.greet();
    expect(w.wires).toHaveLength(2);
    expect(w.wire.sent).toEqual(['{"type":"watch.fleet"}']);
    expect([w.regained, w.socket.state.status]).toEqual([1, 'live']);
  });

  it('waits longer each time, never beyond the cap, and begins anew after success', () => {
    const w = begun();
    w.chance = 1;
    const pauses: number[] = [];
    const fail = () => {
      w.wire.events.closed(1006);
      if (w.socket.state.status !== 'lost') throw new Error('not lost');
      const pause = w.socket.state.retryAt - w.at;
      pauses.push(pause);
      w.pass(pause);
    };
    for (let i = 0; i < 8; i++) fail();
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
    w.greet();
    fail();
    expect(pauses.at(-1)).toBe(1000);
  });

  it('tries at once when asked to', () => {
    const w = begun();
    w.wire.events.closed(1006);
    w.socket.retryNow();
    expect(w.wires).toHaveLength(2);
    w.pass(RETRY_MAX_MS * 2);
    expect(w.wires).toHaveLength(2);
  });

  it('asks after a silence, and gives a connection up that does not answer', () => {
    const w = begun();
    w.pass(SILENCE_MS);
    expect(w.wire.sent).toHaveLength(2);
    w.wire.events.text('{"type":"hello","time":"2026-11-24T09:01:00.000Z"}');
    w.pass(SILENCE_MS + ANSWER_MS - 1);
    expect(w.socket.state.status).toBe('live');
    w.pass(1);
    expect([w.wires[0]?.closed, w.socket.state.status]).toEqual([true, 'lost']);
    // The dead connection's own end, when it comes at last, changes nothing.
    const state = w.socket.state;
    w.wires[0]?.events.closed(1006);
    expect(w.socket.state).toBe(state);
  });

  it('stops when the session is over', () => {
    const w = begun();
    w.wire.events.closed(4401);
    expect(w.socket.state.status).toBe('signed-out');
    w.pass(RETRY_MAX_MS * 2);
    expect(w.wires).toHaveLength(1);
  });

  it('takes no harm from what it does not understand', () => {
    const w = begun();
    for (const text of ['', 'nonsense', '{"type":"from the future"}', '{"type":"pairs","rows":[{}]}', '[]']) w.wire.events.text(text);
    expect([w.messages, w.socket.state.status]).toEqual([['hello'], 'live']);
  });

  it('does nothing more after it was stopped', () => {
    const w = begun();
    w.socket.stop();
    expect(w.wire.closed).toBe(true);
    w.wire.events.text('{"type":"hello","time":"2026-11-24T09:01:00.000Z"}');
    w.wire.events.closed(1006);
    w.pass(RETRY_MAX_MS * 2);
    expect([w.wires.length, w.messages.length, w.timers.length]).toEqual([1, 1, 0]);
  });

  it('tells a change of what is watched at once', () => {
    const w = begun();
    w.socket.watch({ type: 'watch.pair', id: '00000000-0000-4000-8000-000000000001' });
    expect(w.wire.sent.at(-1)).toBe('{"type":"watch.pair","id":"00000000-0000-4000-8000-000000000001"}');
  });
});
