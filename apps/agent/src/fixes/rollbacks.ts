import { join } from 'node:path';
import { AGENT_FIX_IDS, type AgentFixId } from '@lockstep/core/fixes';
import { z } from 'zod';
import type { Machine } from '../machine/index.js';
import { PrivateFolder } from './private-folder.js';

/**
 * How putting back ended. `restored`: the old value was written and read back. `already`: it stood there. `changed-since`: somebody has
 * changed it meanwhile, so it is theirs and is left. `gone`: what it was a value of is not there any more. `failed`: it could not be read
 * or written; it is tried again.
 */
export type PutBack = 'restored' | 'already' | 'changed-since' | 'gone' | 'failed';

/**
 * One kind of change that is taken back by time. `putBack` looks first, and writes only where its own change still stands: so whatever a
 * crash left, carrying it out again changes nothing twice. It runs fixed commands through the machine like any other step.
 */
export interface RollbackKind {
  /** The value, checked; throws a ZodError for one that this kind does not take. */
  check(value: unknown): unknown;
  putBack(machine: Machine, value: unknown, signal: AbortSignal): Promise<PutBack>;
}

/** A kind whose value has this shape. */
export function rollbackKind<T>(
  schema: z.ZodType<T>,
  putBack: (machine: Machine, value: T, signal: AbortSignal) => Promise<PutBack>,
): RollbackKind {
  return {
    check: (value) => schema.parse(value),
    putBack: async (machine, value, signal) => await putBack(machine, schema.parse(value), signal),
  };
}

/** What was put back, or why not, for the log and for those who look again. */
export interface RollbackReport {
  kind: string;
  fix: AgentFixId;
  end: PutBack;
  /** How long after its time, ms: more than some seconds where the agent did not run. */
  lateMs: number;
  /** What broke, where something did. */
  why: string | null;
}

const Armed = z.object({
  schema: z.literal(1),
  kind: z.string().min(1).max(48),
  fix: z.enum(AGENT_FIX_IDS),
  armedAt: z.number().finite(),
  dueAt: z.number().finite(),
  value: z.json(),
});
type Armed = z.infer<typeof Armed>;

const KIND = /^[a-z][a-z0-9-]{0,47}$/;
const FILE = /^[a-z][a-z0-9-]{0,47}\.\d{1,15}\.json$/;
/** A change is taken back after an hour at the latest: what should stay is no change "for a while". */
export const LONGEST_MS = 3_600_000;
/** What failed is tried again after so long, and so often until the next start. */
const RETRY_MS = 60_000;
const TRIES = 10;
/** Putting back is a command or two; PowerShell takes seconds to start on a busy computer (commands/windows.ts allows 25 s). */
const PUT_BACK_MS = 60_000;

export interface RollbacksOptions {
  /** The agent's folder. */
  dir: string;
  lab: boolean;
  machine: Machine;
  kinds: Readonly<Record<string, RollbackKind>>;
  /** Told each time something was tried. */
  onEnd(report: RollbackReport): void;
  /** An entry that cannot be read is left in its place and told once. */
  onDamaged(file: string): void;
  uid?: number | null;
}

/**
 * Changes that are taken back by time. A rollback is armed before the change: it is on disk for certain when `arm` returns. Its timer then
 * carries it out; a crash of the agent in between makes it overdue, and the next `start` carries it out. It is forgotten after
 * it has ended, so an end that is told once is told for good.
 */
export class Rollbacks {
  private readonly folder: PrivateFolder;
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly under = new Map<string, Promise<PutBack>>();
  private readonly stopping = new AbortController();

  constructor(private readonly o: RollbacksOptions) {
    this.folder = new PrivateFolder(join(o.dir, 'rollbacks'), o.lab, o.uid);
  }

  /**
   * Has the value put back `afterMs` from now, whatever becomes of this process. Rejects with FolderUnsafe, a ZodError, or what the disk
   * says; then nothing may be changed. Returns the name by which it is carried out sooner or called off.
   */
  async arm(kind: string, fix: AgentFixId, value: unknown, afterMs: number): Promise<string> {
    const row = this.o.kinds[kind];
    if (!row || !KIND.test(kind)) throw new TypeError(`${kind} is not a kind of rollback`);
    if (!(afterMs > 0 && afterMs <= LONGEST_MS)) throw new RangeError(`${kind}: ${afterMs} ms is no time to be taken back after`);
    const armedAt = this.o.machine.now();
    const armed = { schema: 1, kind, fix, armedAt, dueAt: armedAt + afterMs, value: row.check(value) };
    let n = armedAt;
    for (const taken = new Set(await this.folder.names()); taken.has(`${kind}.${n}.json`); ) n++;
    const id = `${kind}.${n}.json`;
    await this.folder.create(id, Buffer.from(JSON.stringify(Armed.parse(armed))));
    this.wait(id, afterMs, 1);
    return id;
  }

  /** Carries one out now: its fix broke off, or is done with it. `gone` when there is none of this name any more. */
  async carryOut(id: string): Promise<PutBack> {
    const running = this.under.get(id);
    if (running) return await running;
    const work = this.end(id).finally(() => this.under.delete(id));
    this.under.set(id, work);
    return await work;
  }

  /** Calls one off: what it would have taken back was never done, or is taken back. */
  async disarm(id: string): Promise<void> {
    this.drop(id);
    if (FILE.test(id)) await this.folder.remove(id);
  }

  /** The names of those that wait. */
  async armed(): Promise<string[]> {
    return (await this.folder.names()).filter((n) => FILE.test(n));
  }

  /** Carries out what is overdue and waits for the rest. A clock that was set back makes it due: too early is harmless, too late is not. */
  async start(): Promise<void> {
    for (const id of await this.armed()) {
      const entry = await this.read(id);
      if (!entry) continue;
      const now = this.o.machine.now();
      if (now >= entry.dueAt || now < entry.armedAt) await this.byTime(id, 1);
      else this.wait(id, entry.dueAt - now, 1);
    }
  }

  /** Lets go: what waits is carried out after the next start. */
  async stop(): Promise<void> {
    for (const id of [...this.timers.keys()]) this.drop(id);
    this.stopping.abort();
    await Promise.allSettled(this.under.values());
  }

  private async end(id: string): Promise<PutBack> {
    this.drop(id);
    const entry = await this.read(id);
    if (!entry) return 'gone';
    const { end, why } = await this.putBack(entry);
    if (end !== 'failed') await this.folder.remove(id);
    const lateMs = Math.max(0, Math.round(this.o.machine.now() - entry.dueAt));
    this.o.onEnd({ kind: entry.kind, fix: entry.fix, end, lateMs, why });
    return end;
  }

  /** Whatever breaks, the entry stays and is tried again: it must not end the agent, nor those that come after it. */
  private async putBack(entry: Armed): Promise<{ end: PutBack; why: string | null }> {
    const row = this.o.kinds[entry.kind];
    if (!row) return { end: 'failed', why: 'no such kind' };
    try {
      const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(PUT_BACK_MS)]);
      return { end: await row.putBack(this.o.machine, entry.value, signal), why: null };
    } catch (e) {
      return { end: 'failed', why: e instanceof Error ? `${e.name}: ${e.message}` : String(e) };
    }
  }

  private async read(id: string): Promise<Armed | null> {
    const bytes = FILE.test(id) ? await this.folder.read(id) : null;
    if (bytes === null) return null;
    const entry = Armed.safeParse(parseJson(bytes.toString('utf8')));
    if (!entry.success) this.o.onDamaged(id);
    return entry.success ? entry.data : null;
  }

  private wait(id: string, ms: number, attempt: number): void {
    this.drop(id);
    const timer = setTimeout(() => void this.byTime(id, attempt), ms);
    timer.unref();
    this.timers.set(id, timer);
  }

  private async byTime(id: string, attempt: number): Promise<void> {
    // What the disk refuses is tried again like the rest.
    const end = await this.carryOut(id).catch((): PutBack => 'failed');
    if (end === 'failed' && attempt < TRIES && !this.stopping.signal.aborted) this.wait(id, RETRY_MS, attempt + 1);
  }

  private drop(id: string): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
