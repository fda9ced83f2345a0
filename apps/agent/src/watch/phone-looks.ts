import type { Fact, Udid } from '@lockstep/core/health';
import type { MuxDevice } from '../device/index.js';
import { PHONES_AT_ONCE } from '../probes/index.js';

interface Phone {
  device: MuxDevice;
  /** When a look at this attachment last ended, ms of the monotonic clock; null: never. */
  lookedAt: number | null;
  /** When the slow questions were last asked of this phone, whatever it was attached as; null: never, or they have to be asked again. */
  slowAt: number | null;
  running: { abort: AbortController; done: Promise<void> } | null;
  wanted: boolean;
}

export interface PhoneLooksOptions {
  everyMs: number;
  /** How often the slow questions are asked too; never when left out. */
  slowMs?: number;
  /** Whether slow questions may be asked now. */
  slowAllowed?(): boolean;
  /** `tell` takes what was read so far, when the rest will take a while. */
  look(device: MuxDevice, signal: AbortSignal, more: { slow: boolean; tell(facts: readonly Fact[]): void }): Promise<Fact[]>;
  /** What a look that was not called off read. */
  read(facts: readonly Fact[]): void;
  failed(error: unknown): void;
}

/**
 * Who is talked to when: each listed phone at its turn, one conversation per phone, eight phones at once, so that one that hangs delays
 * none. A new attachment is looked at at once; a look at an attachment that is gone is called off and what it read is dropped.
 */
export class PhoneLooks {
  readonly #phones = new Map<Udid, Phone>();
  /** When the slow questions were last asked of phones that are gone. */
  readonly #slowAt = new Map<Udid, number>();
  /** Phones that a fix talks to: nobody else does. */
  readonly #holds = new Map<Udid | 'all', number>();
  #stopped = false;

  constructor(private readonly o: PhoneLooksOptions) {}

  /** The phones that are listed now. */
  listed(devices: readonly MuxDevice[]): void {
    const present = new Set(devices.map((d) => d.udid));
    for (const [udid, phone] of this.#phones) {
      if (present.has(udid)) continue;
      phone.running?.abort.abort();
      this.#phones.delete(udid);
      // A plug that comes and goes is no reason to ask everything each time.
      if (phone.slowAt !== null) this.#slowAt.set(udid, phone.slowAt);
    }
    for (const device of devices) {
      const phone = this.#phones.get(device.udid);
      if (!phone)
        this.#phones.set(device.udid, {
          device,
          lookedAt: null,
          slowAt: this.#slowAt.get(device.udid) ?? null,
          running: null,
          wanted: true,
        });
      else if (phone.device.deviceId !== device.deviceId) {
        phone.running?.abort.abort();
        phone.device = device;
        phone.lookedAt = null;
        phone.wanted = true;
      } else phone.device = device;
    }
    this.#begin();
  }

  /** Looks at a phone again as soon as it can be; it was paired anew, so everything is asked. */
  want(udid: Udid): void {
    this.#slowAt.delete(udid);
    const phone = this.#phones.get(udid);
    if (!phone) return;
    phone.wanted = true;
    phone.slowAt = null;
    this.#begin();
  }

  /** Keeps everybody off a phone (or off all) while a fix talks to it; resolves when no look is under way. The function returned lets go. */
  async hold(udid: Udid | null): Promise<() => void> {
    const key = udid ?? 'all';
    this.#holds.set(key, (this.#holds.get(key) ?? 0) + 1);
    const under = [...this.#phones].filter(([u]) => udid === null || u === udid).map(([, p]) => p.running);
    for (const running of under) running?.abort.abort();
    await Promise.all(under.map((r) => r?.done));
    let free = false;
    return () => {
      if (free) return;
      free = true;
      this.#holds.set(key, (this.#holds.get(key) ?? 1) - 1);
      for (const [u, phone] of this.#phones) if (udid === null || u === udid) phone.wanted = true;
      this.#begin();
    };
  }

  /** Resolves when every phone was looked at that is listed now and not held, or after `ms`. */
  async settled(ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (!this.#stopped && performance.now() < until) {
      const under = [...this.#phones].filter(([u, p]) => p.running && !this.#isHeld(u)).map(([, p]) => p.running?.done);
      if (under.length === 0) return;
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        Promise.all(under),
        new Promise<void>((r) => {
          timer = setTimeout(r, Math.max(0, until - performance.now()));
        }),
      ]);
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const under = [...this.#phones.values()].map((p) => p.running);
    for (const running of under) running?.abort.abort();
    await Promise.all(under.map((r) => r?.done));
  }

  /** Starts the looks that are due. Called after every look at the computer, and whenever one ends. */
  #begin(): void {
    if (this.#stopped) return;
    const now = performance.now();
    const due = [...this.#phones].filter(
      ([udid, p]) => !p.running && !this.#isHeld(udid) && (p.wanted || p.lookedAt === null || now - p.lookedAt >= this.o.everyMs),
    );
    // Who waited longest comes first.
    due.sort(([, a], [, b]) => (a.lookedAt ?? -1) - (b.lookedAt ?? -1));
    let room = PHONES_AT_ONCE - [...this.#phones.values()].filter((p) => p.running).length;
    for (const [, phone] of due) {
      if (room-- <= 0) return;
      this.#look(phone);
    }
  }

  #look(phone: Phone): void {
    const abort = new AbortController();
    const slow = this.#isSlowDue(phone);
    phone.wanted = false;
    const work = async () => {
      const read = (facts: readonly Fact[]) => {
        if (!abort.signal.aborted) this.o.read(facts);
      };
      try {
        read(await this.o.look(phone.device, abort.signal, { slow, tell: read }));
        if (slow && !abort.signal.aborted) phone.slowAt = performance.now();
      } catch (e) {
        this.o.failed(e);
      } finally {
        phone.running = null;
        if (!abort.signal.aborted) phone.lookedAt = performance.now();
      }
    };
    const done = work();
    phone.running = { abort, done };
    void done.then(() => this.#begin());
  }

  #isSlowDue(phone: Phone): boolean {
    const { slowMs, slowAllowed } = this.o;
    if (slowMs === undefined || slowAllowed?.() === false) return false;
    return phone.slowAt === null || performance.now() - phone.slowAt >= slowMs;
  }

  #isHeld(udid: Udid): boolean {
    return (this.#holds.get(udid) ?? 0) > 0 || (this.#holds.get('all') ?? 0) > 0;
  }
}
