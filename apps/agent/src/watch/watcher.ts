import type { Fact, Reading, Udid } from '@lockstep/core/health';
import { type CommandId, unscriptedIn } from '../machine/index.js';
import { type HostSurvey, type ProbeContext, sharingRuns, surveyAsks, surveyHost, surveyPhone, unreachablePhone } from '../probes/index.js';
import type { KnownPhones } from './known-phones.js';
import { PhoneLooks } from './phone-looks.js';
import { Picture, type Still } from './picture.js';
import { Questions } from './questions.js';
import { MEASURE_MS, OWN_GAUGES, Watchdog } from './watchdog.js';

/** How often is looked, in ms. */
export interface Cadence {
  /** At bus, multiplexer and list. What changes there is told by the multiplexer and the bus themselves, at once: this finds what neither tells. */
  host: number;
  /** At each phone: a conversation costs it about 30 ms. */
  phone: number;
  /** Whether something was plugged in or out, by the names in the device tree alone: the multiplexer may be down and tell nothing. */
  bus: number;
  /** Several nudges within this time are one. */
  nudge: number;
  /** At what changes slowly on each phone. */
  slow: number;
  /** Whether a question about the computer is due. */
  tick: number;
}

export const CADENCE: Cadence = { host: 30_000, phone: 30_000, bus: 2_000, nudge: 200, slow: 30 * 60_000, tick: 1_000 };

/**
 * Where each look starts something costly (PowerShell on Windows) the computer is looked at more rarely; nudges come all the same. With the
 * longest deadline of a look it stays below what may be claimed as still so (STILL_MS).
 */
const COSTLY_HOST_MS = 50_000;

/** It is told at most this often that slow kinds were looked at again, ms. */
const SLOW_STILL_MS = 30 * 60_000;
/** Slow kinds are asked for at least once an hour; with a look that is late they still count as asked for. */
const SLOW_AGE_MS = 75 * 60_000;

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
  /** What the agent allows itself has changed. */
  limited?(reading: Reading<'agent-limits'>): void;
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
  readonly #watchdog: Watchdog;
  readonly #questions: Questions;
  /** Costly commands of every look, and the computer that starts them once for it and for the questions asked along. */
  readonly #costly: readonly CommandId[];
  readonly #shared: ReturnType<typeof sharingRuns>;
  #slowToldAt = performance.now();
  #stopBus: (() => Promise<void>) | null = null;
  #nudge: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #again = false;
  #bus = '';
  #stopListening: (() => Promise<void>) | null = null;

  constructor(private readonly o: WatcherOptions) {
    this.#costly = surveyAsks(o.ctx.machine.os);
    this.#shared = sharingRuns(o.ctx.machine, () => performance.now());
    this.#cadence = { ...CADENCE, ...(this.#costly.length > 0 ? { host: COSTLY_HOST_MS } : {}), ...o.cadence };
    this.#watchdog = new Watchdog(OWN_GAUGES, () => {
      o.limited?.(this.limits());
      this.#questions.want('agent-limits');
    });
    this.#questions = new Questions({
      ctx: { ...o.ctx, machine: this.#costly.length > 0 ? this.#shared : o.ctx.machine, limits: () => this.limits() },
      phones: () => o.known.udids(),
      report: (facts) => this.take(facts),
      broke: (e) => this.#broke(e),
      allowed: () => this.#watchdog.mode,
    });
    this.#looks = new PhoneLooks({
      everyMs: this.#cadence.phone,
      slowMs: this.#cadence.slow,
      slowAllowed: () => this.#watchdog.mode === 'all',
      look: (device, signal, more) => surveyPhone(o.ctx, device, signal, more),
      read: (facts) => this.take(facts),
      failed: (e) => this.#broke(e),
    });
    this.picture.take(o.known.attempts());
  }

  start(): void {
    const { mux } = this.o.ctx;
    this.#stopListening = mux.listen({
      attached: () => this.#came(),
      detached: () => this.#came(),
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
      setInterval(() => this.#questions.tick(), this.#cadence.tick),
      setInterval(() => this.#watchdog.sample(), MEASURE_MS),
    );
    void this.#lookAtHost();
    void this.#listenToBus();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    if (this.#nudge) clearTimeout(this.#nudge);
    await Promise.all([this.#stopListening?.(), this.#stopBus?.(), this.#looks.stop(), this.#questions.stop(), this.#looking]);
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

  /** What may be said of facts that were not told anew, now and then of slow kinds too; null when nothing was looked at lately. */
  still(): Still | null {
    const slow = performance.now() - this.#slowToldAt >= SLOW_STILL_MS && this.picture.hasSlow;
    const still = this.picture.still(this.o.ctx.machine.now(), STILL_MS, slow ? SLOW_AGE_MS : null);
    if (still?.slow) this.#slowToldAt = performance.now();
    return still;
  }

  /** What the agent allows itself now. */
  limits(): Reading<'agent-limits'> {
    return this.#watchdog.reading(this.#questions.paused());
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
    const survey = await this.#surveyed(signal);
    if (signal.aborted) return;
    for (const udid of known.seen(survey.present)) this.picture.forget(udid);
    const unreachable = await Promise.all(survey.unreachable.map(({ udid, reason }) => unreachablePhone(ctx, udid, reason)));
    // First who is gone, then what could still be read of them.
    this.#looks.listed(survey.listed);
    this.take([...survey.facts, ...unreachable.flat()]);
    this.#save();
  }

  /** One look. What is costly to start is started anew for it, and questions that need the same are asked along. */
  async #surveyed(signal: AbortSignal): Promise<HostSurvey> {
    const { ctx, known } = this.o;
    if (this.#costly.length === 0) return await surveyHost(ctx, known.udids(), signal);
    this.#shared.forget();
    const looking = surveyHost({ ...ctx, machine: this.#shared }, known.udids(), signal);
    this.#questions.along(this.#costly);
    return await looking;
  }

  /** A phone came or went, as the multiplexer says. */
  #came(): void {
    this.nudge();
    this.#questions.nudge();
  }

  /** Hears from the system itself what is plugged in and out, where it can tell; looking now and then stays as the backstop. */
  async #listenToBus(): Promise<void> {
    const stop = (await this.o.ctx.machine.listenToBus?.(() => this.#came())) ?? null;
    if (this.#stopping.signal.aborted) await stop?.();
    else this.#stopBus = stop;
  }

  async #lookAtBus(): Promise<void> {
    if (this.o.ctx.machine.os !== 'linux') return;
    const names = await this.o.ctx.machine.sysfs.list('bus/usb/devices').then(
      (list) => list.join(' '),
      () => '',
    );
    if (names === this.#bus) return;
    this.#bus = names;
    this.#came();
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
