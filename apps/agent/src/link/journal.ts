import { AGENT_FIX_IDS, MECHANICS, type Mechanics } from '@lockstep/core/fixes';
import { Udid } from '@lockstep/core/health';
import { type Order, RunId } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type AppendFile, type Disk, damagedCopy } from './disk.js';
import { decodeRecords, encodeRecord } from './record-lines.js';

const Entry = z.object({
  runId: RunId,
  stage: z.enum(['taken', 'acting', 'settled']),
  at: z.number(),
  fix: z.enum(AGENT_FIX_IDS),
  udid: Udid.nullable(),
  mechanics: z.enum(MECHANICS).nullable(),
});
/** The last known stage of one run. */
export type RunEntry = z.infer<typeof Entry>;

/** How long settled runs are remembered. An order lives 120 s (ORDER_LIFE_MS), so no run id can come back after this. */
export const KEPT_MS = 30 * 86_400_000;

/**
 * What this agent was ordered to do and how far it got, written before it acts and after. Every line is on disk before the method
 * returns; a method that throws has written nothing, and the caller must not act.
 */
export class Journal {
  readonly #runs = new Map<string, RunEntry>();
  #file: AppendFile | null = null;

  private constructor(
    private readonly path: string,
    private readonly disk: Disk,
    private readonly now: () => number,
  ) {}

  /** Opens or makes the journal; drops a torn tail and runs settled longer ago than KEPT_MS. Throws what the disk throws. */
  static open(path: string, disk: Disk, now: () => number): Journal {
    const journal = new Journal(path, disk, now);
    const bytes = disk.read(path) ?? Buffer.alloc(0);
    const decoded = decodeRecords(bytes);
    for (const record of decoded.records) {
      const entry = Entry.safeParse(record);
      if (entry.success) journal.#runs.set(entry.data.runId, entry.data);
    }
    for (const [runId, entry] of journal.#runs) if (entry.stage === 'settled' && entry.at < now() - KEPT_MS) journal.#runs.delete(runId);
    // Written before the file is: a journal must never be missing, and a copy that the disk refuses ends the opening.
    if (decoded.damaged > 0) disk.replace(damagedCopy(path), bytes);
    // A run leaves three lines and needs one: a file that holds many more is written anew, and so is a torn or damaged one.
    if (decoded.torn || decoded.damaged > 0 || decoded.records.length > journal.#runs.size * 2 + 200) journal.#rewrite();
    else journal.#open();
    return journal;
  }

  /** Whether this run was ever taken: a run id is never run twice. */
  has(runId: string): boolean {
    return this.#runs.has(runId);
  }

  /** Writes down that the order is verified and will be carried out: before anything is touched. */
  taken(order: Pick<Order, 'runId' | 'fix' | 'udid'>): void {
    this.#write({ runId: order.runId, stage: 'taken', at: this.now(), fix: order.fix, udid: order.udid, mechanics: null });
  }

  /** Writes down that the next step changes something. */
  acting(runId: string): void {
    const run = this.#runs.get(runId);
    if (run?.stage === 'taken') this.#write({ ...run, stage: 'acting', at: this.now() });
  }

  /** Writes down that the run is over and its result is in the outbox. */
  settled(runId: string, mechanics: Mechanics): void {
    const run = this.#runs.get(runId);
    if (run && run.stage !== 'settled') this.#write({ ...run, stage: 'settled', at: this.now(), mechanics });
  }

  /** Runs that were taken and not settled: right after a start, those that a crash cut off. */
  unsettled(): RunEntry[] {
    return [...this.#runs.values()].filter((r) => r.stage !== 'settled');
  }

  stageOf(runId: string): RunEntry['stage'] | null {
    return this.#runs.get(runId)?.stage ?? null;
  }

  close(): void {
    this.#file?.close();
    this.#file = null;
  }

  #write(entry: RunEntry): void {
    if (!this.#file) this.#rewrite();
    const file = this.#file;
    if (!file) throw new Error('the journal is closed');
    const line = encodeRecord(entry);
    try {
      file.write(line);
      file.sync();
    } catch (error) {
      // What is behind the last whole line is unknown now: the next write begins with a new file.
      this.close();
      throw error;
    }
    this.#runs.set(entry.runId, entry);
  }

  #rewrite(): void {
    this.close();
    this.disk.replace(this.path, Buffer.concat([...this.#runs.values()].map(encodeRecord)));
    this.#open();
  }

  #open(): void {
    this.#file = this.disk.append(this.path);
  }
}
