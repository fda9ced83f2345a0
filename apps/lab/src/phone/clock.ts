/** Something that was put off and can still be called back. */
export interface Alarm {
  cancel(): void;
}

/** The time the lab lives by. */
export interface LabClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `act` once, `ms` from now. */
  after(ms: number, act: () => void): Alarm;
}

/** The computer's own time. Its alarms do not keep a process alive: the lab's sockets do. */
export const wallClock: LabClock = {
  now: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Time that stands still until a test moves it. */
export class ManualClock implements LabClock {
  private alarms: { at: number; order: number; act: () => void }[] = [];
  private order = 0;

  constructor(private time = Date.UTC(2026, 0, 5, 9)) {}

  now(): number {
    return this.time;
  }

  after(ms: number, act: () => void): Alarm {
    const alarm = { at: this.time + Math.max(0, ms), order: this.order++, act };
    this.alarms.push(alarm);
    return { cancel: () => this.drop(alarm) };
  }

  /** Moves on by `ms`, ringing every alarm on the way at its own moment, also those set by an alarm that rang. */
  advance(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      const next = this.alarms.filter((a) => a.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.drop(next);
      this.time = next.at;
      next.act();
    }
    this.time = until;
  }

  private drop(alarm: { order: number }): void {
    this.alarms = this.alarms.filter((a) => a.order !== alarm.order);
  }
}
