import { LiveMessage, type LiveWatch } from '@lockstep/core/protocol';

/** What is needed of a WebSocket. */
export interface Wire {
  send: (text: string) => void;
  close: () => void;
}
export interface WireEvents {
  open: () => void;
  text: (text: string) => void;
  closed: (code: number) => void;
}

/** Timers and chance from outside, so that time can be driven. */
export interface LiveDeps {
  open: (events: WireEvents) => Wire;
  now: () => number;
  random: () => number;
  later: (ms: number, run: () => void) => () => void;
}

export type LiveState =
  | { status: 'connecting'; since: number }
  | { status: 'live'; since: number }
  | { status: 'lost'; since: number; retryAt: number }
  /** The server says that the session is over. */
  | { status: 'signed-out'; since: number };

/** First pause before trying again, and the longest, ms. Full jitter, so that a restarted server is not met by all browsers at once. */
export const RETRY_FIRST_MS = 1_000;
export const RETRY_MAX_MS = 30_000;
/** After this silence the watch is sent again: the server answers it with the present state. */
export const SILENCE_MS = 60_000;
/** How long the answer may take before the connection counts as dead. */
export const ANSWER_MS = 10_000;

/** The live connection: one socket, one watch, reconnecting for as long as the page is open. */
export class LiveSocket {
  private wire: Wire | null = null;
  private watching: LiveWatch = { type: 'unwatch' };
  private attempt = 0;
  private generation = 0;
  private cancelRetry: () => void = () => {};
  private cancelSilence: () => void = () => {};
  private opened = false;
  private stopped = true;
  state: LiveState;

  constructor(
    private readonly deps: LiveDeps,
    private readonly on: {
      message: (m: LiveMessage) => void;
      state: (s: LiveState) => void;
      /** Connected again after a loss: what was missed has to be read. */
      regained: () => void;
    },
  ) {
    this.state = { status: 'connecting', since: deps.now() };
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.generation++;
    this.cancelRetry();
    this.cancelSilence();
    this.wire?.close();
    this.wire = null;
    this.opened = false;
  }

  /** What to be told about from now on. */
  watch(watch: LiveWatch): void {
    this.watching = watch;
    this.sendWatch();
  }

  /** Tries again at once. */
  retryNow(): void {
    if (this.stopped || this.state.status !== 'lost') return;
    this.cancelRetry();
    this.connect();
  }

  private connect(): void {
    const generation = ++this.generation;
    const mine = (run: () => void) => () => {
      if (generation === this.generation && !this.stopped) run();
    };
    this.opened = false;
    this.wire = this.deps.open({
      open: mine(() => {
        this.opened = true;
        this.sendWatch();
      }),
      text: (text) => mine(() => this.read(text))(),
      closed: (code) => mine(() => this.lost(code))(),
    });
  }

  private read(text: string): void {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return;
    }
    // A message of a newer server is not understood and not needed: the next full read brings what it said.
    const parsed = LiveMessage.safeParse(body);
    if (!parsed.success) return;
    if (this.state.status !== 'live') {
      const again = this.state.status === 'lost';
      this.attempt = 0;
      this.become({ status: 'live', since: this.deps.now() });
      if (again) this.on.regained();
    }
    this.listenForSilence();
    this.on.message(parsed.data);
  }

  private lost(code: number): void {
    this.cancelSilence();
    this.wire = null;
    this.opened = false;
    // 4401: no session any more; 4403: the person was disabled.
    if (code === 4401 || code === 4403) {
      this.stopped = true;
      this.become({ status: 'signed-out', since: this.deps.now() });
      return;
    }
    const ceiling = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(this.attempt, 10));
    this.attempt++;
    const pause = Math.max(200, Math.round(this.deps.random() * ceiling));
    const now = this.deps.now();
    this.become({
      status: 'lost',
      since: this.state.status === 'live' || this.state.status === 'signed-out' ? now : this.state.since,
      retryAt: now + pause,
    });
    this.cancelRetry = this.deps.later(pause, () => {
      if (!this.stopped) this.connect();
    });
  }

  private listenForSilence(): void {
    this.cancelSilence();
    this.cancelSilence = this.deps.later(SILENCE_MS, () => {
      if (this.watching.type === 'unwatch') return;
      this.sendWatch();
      this.cancelSilence = this.deps.later(ANSWER_MS, () => {
        const dead = this.wire;
        this.generation++;
        dead?.close();
        this.lost(1006);
      });
    });
  }

  private sendWatch(): void {
    if (this.opened) this.wire?.send(JSON.stringify(this.watching));
  }

  private become(state: LiveState): void {
    this.state = state;
    this.on.state(state);
  }
}
