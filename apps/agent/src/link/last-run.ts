import { z } from 'zod';
import { agentFiles, type Disk, realDisk } from './disk.js';
import type { Enrolment } from './identity.js';

/** What an agent notes of itself: for `status`, and to see that the clock was set back. Losing it loses nothing else. */
export const LastRunNote = z.object({
  schema: z.literal(1),
  /** When an agent last ran here, by this computer's clock. */
  ranAt: z.iso.datetime(),
  /** When it was last connected to its server, by the server's clock; null when it never was. */
  contactAt: z.iso.datetime().nullable(),
});
export type LastRunNote = z.infer<typeof LastRunNote>;

/** How often the note is written while the agent runs, ms: as often as the spool grows by a `still`. */
const NOTE_MS = 60_000;

/**
 * A clock that is this much behind was set back, ms. Time services step a clock by seconds after a start; a clock in local time is off by
 * hours, one whose battery died by years.
 */
export const SET_BACK_MS = 60_000;

/** The note of the last run; null when there is none or it cannot be read. */
export function readLastRun(path: string, disk: Disk = realDisk): LastRunNote | null {
  try {
    const bytes = disk.read(path);
    const note = LastRunNote.safeParse(bytes && JSON.parse(bytes.toString('utf8')));
    return note.success ? note.data : null;
  } catch {
    return null;
  }
}

/** That this computer's clock is behind a time it has shown before, or that its server showed. */
export interface SetBack {
  file: string;
  field: 'ranAt' | 'contactAt' | 'enrolledAt';
  then: string;
  message: string;
}

/** Whether the clock (`now`, ms) is behind the enrolment, the last run or the last contact. Null when it is not, or nothing is known. */
export function clockSetBack(dir: string, now: number, enrolment: Enrolment | null, disk: Disk = realDisk): SetBack | null {
  const files = agentFiles(dir);
  const note = readLastRun(files.lastRun, disk);
  const known = [
    { file: files.lastRun, field: 'ranAt', then: note?.ranAt, what: 'an agent last ran here' },
    { file: files.lastRun, field: 'contactAt', then: note?.contactAt, what: 'the server was last heard' },
    { file: files.enrolment, field: 'enrolledAt', then: enrolment?.enrolledAt, what: 'this computer was enrolled' },
  ] as const;
  for (const { file, field, then, what } of known) {
    if (typeof then !== 'string' || now >= Date.parse(then) - SET_BACK_MS) continue;
    const message = `This computer's clock says ${new Date(now).toISOString()}, but ${what} at ${then} (${file}: ${field}). It was set back, or was wrong then: set it right. Everything is kept.`;
    return { file, field, then, message };
  }
  return null;
}

/** Writes the note while an agent runs. Never throws: a disk that does not take it is told by the outbox. */
export class LastRun {
  #contactAt: string | null;
  #writtenAt: number | null = null;

  constructor(
    private readonly path: string,
    private readonly disk: Disk,
    private readonly wall: () => number,
  ) {
    this.#contactAt = readLastRun(path, disk)?.contactAt ?? null;
  }

  /** The server proved itself: `serverNow` is its time, ms. */
  heard(serverNow: number): void {
    this.#contactAt = new Date(serverNow).toISOString();
    this.write();
  }

  /** Time passes; `serverNow` while connected. Writes when the note on disk is a minute old or from a future. */
  note(serverNow: number | null = null): void {
    if (serverNow !== null) this.#contactAt = new Date(serverNow).toISOString();
    const age = this.#writtenAt === null ? Number.POSITIVE_INFINITY : this.wall() - this.#writtenAt;
    if (age >= NOTE_MS || age < 0) this.write();
  }

  write(): void {
    this.#writtenAt = this.wall();
    const note: LastRunNote = { schema: 1, ranAt: new Date(this.#writtenAt).toISOString(), contactAt: this.#contactAt };
    try {
      this.disk.replace(this.path, Buffer.from(`${JSON.stringify(note)}\n`, 'utf8'));
    } catch {
      // The next minute tries again.
    }
  }
}
