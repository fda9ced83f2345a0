import type { Fact, FactKind, Subject, Udid } from '@lockstep/core/health';
import { unscriptedIn } from '../machine/index.js';
import { type ProbeContext, surveyHost, surveyPhone, unreachablePhone } from '../probes/index.js';
import type { KnownPhones } from './known-phones.js';
import { PhoneLooks } from './phone-looks.js';
import { Picture } from './picture.js';

/** How often is looked, in ms. */
export interface Cadence {
  /** At bus, multiplexer and list. */
  host: number;
  /** At each phone: a conversation costs it about 30 ms. */
  phone: number;
  /** Whether something was plugged in or out, by the names in the device tree alone: the multiplexer may be down and tell nothing. */
  bus: number;
  /** Several nudges within this time are one. */
  nudge: number;
}

export const CADENCE: Cadence = { host: 10_000, phone: 30_000, bus: 2_000, nudge: 200 };

/** Facts whose last look is older are not claimed to be still so: two rounds and the longest deadline. */
const STILL_MS = 90_000;
/** A whole picture is given without the phones that have not answered by then. */
const FULL_MS = 15_000;

export interface WatcherOptions {
  ctx: ProbeContext;
  known: KnownPhones;
  cadence?: Partial<Cadence>;
  /** What was read, changed or not. */
  report(facts: readonly Fact[]): void;
  /** A look itself broke: not a phone, not the computer, this program. */
  broke(error: unknown): void;
}

/**
 * Keeps looking: at the computer and its phones in their cadence, at once when the multiplexer says that something changed or the bus
 * shows it. Everything is read only.
 */
export class Watcher {
  readonly picture = new Picture();
  readonly #looks: PhoneLooks;
  readonly #cadence: Cadence;
  readonly #stopping = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  #nudge: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #again = false;
  #bus = '';
  #stopListening: (() => Promise<void>) | null = null;

  constructor(private readonly o: WatcherOptions) {
    this.#cadence = { ...CADENCE, ...o.cadence };
    this.#looks = new PhoneLooks({
      everyMs: this.#cadence.phone,
      look: (device, signal) => surveyPhone(o.ctx, device, signal),
      read: (facts) => this.take(facts),
      failed: (e) => this.#broke(e),
    });
    this.picture.take(o.known.attempts());
  }

  start(): void {
    const { mux } = this.o.ctx;
    this.#stopListening = mux.listen({
      attached: () => this.nudge(),
      detached: () => this.nudge(),
      paired: (device) => {
        this.#looks.want(device.udid);
        this.nudge();
      },
      up: () => this.nudge(),
      down: () => this.nudge(),
    });
    this.#timers.push(
      setInterval(() => void this.#lookAtHost(), this.#cadence.host),
      setInterval(() => void this.#lookAtBus(), this.#cadence.bus),
    );
    void this.#lookAtHost();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    if (this.#nudge) clearTimeout(this.#nudge);
    await Promise.all([this.#stopListening?.(), this.#looks.stop(), this.#looking]);
    this.#save();
  }

  /** Something happened: look soon. */
  nudge(): void {
    if (this.#stopping.signal.aborted) return;
    this.#nudge ??= setTimeout(() => {
      this.#nudge = null;
      void this.#lookAtHost();
    }, this.#cadence.nudge);
  }

  /** Takes facts into the picture and reports them: what a look read, or what a fix did. */
  take(facts: readonly Fact[]): void {
    this.picture.take(facts);
    this.o.known.attempted(facts);
    this.o.report(facts);
  }

  /** Takes what a fix read and the link tells itself, with its result. */
  remember(facts: readonly Fact[]): void {
    this.picture.take(facts);
    this.o.known.attempted(facts);
  }

  /** Phones that are or were here. */
  known(): Udid[] {
    return this.o.known.udids();
  }

  /** Everything, with at least one look at the computer and, where they answer in time, at every phone. */
  async everything(): Promise<Fact[]> {
    await (this.#looking ?? (this.picture.facts().some((f) => f.subject === 'host') ? null : this.#lookAtHost()));
    await this.#looks.settled(FULL_MS);
    return this.picture.facts();
  }

  /** What may be said of facts that were not told anew; null when nothing was looked at lately. */
  still(): { at: string; except: { kind: FactKind; subject: Subject }[] } | null {
    return this.picture.still(this.o.ctx.machine.now(), STILL_MS);
  }

  /** Keeps the watcher's own conversations off a phone (or all) while a fix has one. */
  async hold(udid: Udid | null): Promise<() => void> {
    const free = await this.#looks.hold(udid);
    return () => {
      free();
      this.nudge();
    };
  }

  /** One look at the computer at a time; one that is asked for meanwhile follows. */
  async #lookAtHost(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = this.#survey().catch((e: unknown) => this.#broke(e));
    await this.#looking;
    this.#looking = null;
    if (this.#again) {
      this.#again = false;
      this.nudge();
    }
  }

  async #survey(): Promise<void> {
    const { ctx, known } = this.o;
    const { signal } = this.#stopping;
    const survey = await surveyHost(ctx, known.udids(), signal);
    if (signal.aborted) return;
    for (const udid of known.seen(survey.present)) this.picture.forget(udid);
    const unreachable = await Promise.all(survey.unreachable.map(({ udid, reason }) => unreachablePhone(ctx, udid, reason)));
    // First who is gone, then what could still be read of them.
    this.#looks.listed(survey.listed);
    this.take([...survey.facts, ...unreachable.flat()]);
    this.#save();
  }

  async #lookAtBus(): Promise<void> {
    if (this.o.ctx.machine.os !== 'linux') return;
    const names = await this.o.ctx.machine.sysfs.list('bus/usb/devices').then(
      (list) => list.join(' '),
      () => '',
    );
    if (names === this.#bus) return;
    this.#bus = names;
    this.nudge();
  }

  #save(): void {
    try {
      this.o.known.save();
    } catch (e) {
      this.#broke(e);
    }
  }

  #broke(error: unknown): void {
    const unscripted = unscriptedIn(error);
    if (unscripted) throw unscripted;
    this.o.broke(error);
  }
}
