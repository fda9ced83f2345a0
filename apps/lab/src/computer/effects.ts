import { appendFileSync } from 'node:fs';
import type { CommandId } from '@lockstep/agent/machine';

/** Something that changed on a simulated computer or on a phone of it. */
export type Effect =
  | { effect: 'mux-started' | 'mux-stopped'; pid: number | null }
  /** The service manager was told to restart the multiplexer. */
  | { effect: 'restart-asked'; ok: boolean }
  /** A phone asked its holder. */
  | { effect: 'asked-holder'; udid: string }
  | { effect: 'paired' | 'phone-restarted'; udid: string }
  | { effect: 'record-saved' | 'record-deleted'; udid: string }
  /** A command that acts was carried out. */
  | { effect: 'command-acted'; command: CommandId }
  /** Owner or mode of the records' folder were set. */
  | { effect: 'record-folder-set' }
  /** Marks were put before lines of the hosts file, or taken away. */
  | { effect: 'hosts-written' }
  /** Caches of Apple's programs were moved aside, or back. */
  | { effect: 'caches-moved'; where: 'aside' | 'back' }
  /** A phone's boot loader was told to start it normally. */
  | { effect: 'boot-told'; udid: string }
  /** A tool began to write a phone's firmware. */
  | { effect: 'firmware-begun'; udid: string; how: 'update' | 'revive' | 'erase' }
  | { effect: 'phone-erased'; udid: string }
  /** The kernel was told to use a phone or not, or to let it sleep or not. */
  | { effect: 'switched'; what: string; value: string }
  | { effect: 'drop-in'; what: 'placed' | 'removed' };

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
