import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Fact } from '@lockstep/core/health';
import { z } from 'zod';

/**
 * Where the helpers of signed-in people leave their notes. Everybody may put a file there, nobody but root may list them or touch another's
 * (mode 1733).
 */
export const SESSION_FOLDER = '/Library/Application Support/Lockstep Session';
export const SESSION_FOLDER_MODE = 0o1733;

/** A note holds the facts of one look at a computer, some KiB; people signed in at once are few. */
const NOTE_BYTES = 262_144;
const NOTES = 32;

/** What a look from one person's session read. */
export const SessionNote = z.object({
  schema: z.literal(1),
  agent: z.string().max(64),
  uid: z.int().min(0),
  at: z.iso.datetime(),
  facts: z.array(Fact).max(256),
});
export type SessionNote = z.infer<typeof SessionNote>;

/** Links are not followed, and a pipe that somebody laid there does not make the reader wait. */
const CAREFUL = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Leaves the note of this person, 0600, in place of the one before. Throws what the disk throws. */
export function leaveNote(folder: string, note: SessionNote): void {
  const path = join(folder, `${note.uid}.json`);
  const next = `${path}.next`;
  rmSync(next, { force: true });
  const fd = openSync(next, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | CAREFUL, 0o600);
  try {
    const bytes = Buffer.from(`${JSON.stringify(note)}\n`, 'utf8');
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  } finally {
    closeSync(fd);
  }
  renameSync(next, path);
}

/**
 * The notes that lie there, as the administrator reads them: each must belong to the person it names. What is anything else is passed over:
 * the folder is open to everybody. Empty when there is no folder or it may not be read.
 */
export function readNotes(folder: string): SessionNote[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const notes: SessionNote[] = [];
  for (const name of names) {
    const uid = Number(/^(\d{1,10})\.json$/.exec(name)?.[1] ?? Number.NaN);
    if (notes.length >= NOTES || !Number.isSafeInteger(uid)) continue;
    const note = readNote(join(folder, name), uid);
    if (note) notes.push(note);
  }
  return notes.sort((a, b) => a.uid - b.uid);
}

function readNote(path: string, uid: number): SessionNote | null {
  try {
    const fd = openSync(path, constants.O_RDONLY | CAREFUL);
    try {
      const s = fstatSync(fd);
      if (!s.isFile() || s.uid !== uid || s.size > NOTE_BYTES) return null;
      const note = SessionNote.safeParse(JSON.parse(readFileSync(fd, 'utf8')));
      return note.success && note.data.uid === uid ? note.data : null;
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
