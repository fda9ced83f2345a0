import { appendFileSync } from 'node:fs';

/** Something that changed on a simulated computer or on a phone of it. */
export type Effect =
  | { effect: 'mux-started' | 'mux-stopped'; pid: number | null }
  /** The service manager was told to restart the multiplexer. */
  | { effect: 'restart-asked'; ok: boolean }
  /** A phone asked its holder. */
  | { effect: 'asked-holder'; udid: string }
  | { effect: 'paired'; udid: string }
  | { effect: 'record-saved' | 'record-deleted'; udid: string };

/** An effect with its moment. */
export type LoggedEffect = Effect & { at: string };

/** What happened to a simulated computer, in order, in memory and as JSON lines at the end of a file: what a test holds a fix to. */
export class EffectLog {
  readonly entries: LoggedEffect[] = [];

  constructor(
    private readonly path: string | null,
    private readonly now: () => number,
  ) {}

  add(effect: Effect): void {
    const entry: LoggedEffect = { ...effect, at: new Date(this.now()).toISOString() };
    this.entries.push(entry);
    if (this.path !== null) appendFileSync(this.path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  }

  /** How often this happened. */
  count(effect: Effect['effect']): number {
    return this.entries.filter((e) => e.effect === effect).length;
  }
}
