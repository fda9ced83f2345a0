import { statSync } from 'node:fs';
import { agentFiles, realDisk } from './disk.js';
import { type Enrolment, readEnrolment, readIdentity } from './identity.js';
import { clockSetBack, readLastRun } from './last-run.js';
import { errnoOf, LinkError, type LinkErrorCode, whyNot } from './link-error.js';
import { lockHolder } from './lock.js';
import { SpoolFile } from './spool-file.js';

/** How the agent's folder stands. Looked at only: nothing is made, finished or mended. */
export interface Standing {
  dir: string;
  /** `denied`: this user may not look into it; what is in it is not known then. */
  folder: 'ok' | 'missing' | 'denied' | 'unusable';
  enrolled: { server: string; hostId: string; enrolledAt: string | null } | null;
  /** `usable`: there, private, and the one that was enrolled. */
  key: 'usable' | 'unusable' | 'missing' | 'unknown';
  /** The process of the agent that runs on this folder. */
  pid: number | null;
  /** When an agent last ran here (this computer's clock) and last was connected (the server's clock), ISO 8601. */
  lastRun: string | null;
  lastContact: string | null;
  /** What waits for the server; null when there is no spool, or it cannot be read. */
  spool: { bytes: number; waiting: number } | null;
  /** What is wrong, as sentences that name file and field. */
  problems: { code: LinkErrorCode | 'clock-set-back' | 'spool-damaged'; message: string }[];
}

/** Reads how the agent's folder stands. `now` is this computer's clock, ms. Never throws for what it finds. */
export function readStanding(dir: string, now: number): Standing {
  const standing: Standing = {
    dir,
    folder: 'ok',
    enrolled: null,
    key: 'unknown',
    pid: null,
    lastRun: null,
    lastContact: null,
    spool: null,
    problems: [],
  };
  const noted = <T>(look: () => T): T | null => {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      standing.problems.push({ code: error.code, message: error.message });
      return null;
    }
  };
  standing.folder = folderState(dir, standing.problems);
  if (standing.folder === 'missing') standing.key = 'missing';
  if (standing.folder !== 'ok') return standing;

  const files = agentFiles(dir);
  const enrolment = noted(() => readEnrolment(dir));
  if (enrolment) {
    standing.enrolled = { server: enrolment.server, hostId: enrolment.hostId, enrolledAt: enrolment.enrolledAt ?? null };
  }
  standing.key = keyState(dir, enrolment, standing.problems);
  standing.pid = lockHolder(files.lock);
  const note = readLastRun(files.lastRun);
  standing.lastRun = note?.ranAt ?? null;
  standing.lastContact = note?.contactAt ?? null;
  const back = clockSetBack(dir, now, enrolment);
  if (back) standing.problems.push({ code: 'clock-set-back', message: back.message });
  standing.spool = spoolState(files.spool, standing.problems);
  return standing;
}

function folderState(dir: string, problems: Standing['problems']): Standing['folder'] {
  try {
    const s = statSync(dir);
    if (!s.isDirectory()) problems.push({ code: 'dir-unusable', message: `${dir} is not a folder.` });
    else if (process.platform !== 'win32' && (s.mode & 0o022) !== 0)
      problems.push({ code: 'dir-unusable', message: `${dir} can be written by other users. Make it private: chmod 700 ${dir}` });
    else {
      // What is there but hidden from this user must not look as if it were missing.
      realDisk.read(agentFiles(dir).enrolment);
      return 'ok';
    }
    return 'unusable';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'missing';
    if (errnoOf(error) === 'EACCES' || errnoOf(error) === 'EPERM') return 'denied';
    // The enrolment itself cannot be read: that is told with its name later.
    if (isFolder(dir)) return 'ok';
    problems.push({ code: 'dir-unusable', message: `The agent's folder ${dir} cannot be used: ${whyNot(error)}.` });
    return 'unusable';
  }
}

function isFolder(dir: string): boolean {
  try {
    return statSync(dir).isDirectory();
  } catch {
    return false;
  }
}

/** Of the key in use and the one of an enrolment that was cut off, the one that was enrolled counts; none is moved here. */
function keyState(dir: string, enrolment: Enrolment | null, problems: Standing['problems']): Standing['key'] {
  const files = agentFiles(dir);
  let found = false;
  for (const path of [files.nextKey, files.key]) {
    try {
      const key = readIdentity(path);
      if (key === null) continue;
      found = true;
      if (enrolment === null || key.publicKey === enrolment.publicKey) return 'usable';
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      problems.push({ code: error.code, message: error.message });
      return 'unusable';
    }
  }
  if (!found) {
    if (enrolment) problems.push({ code: 'key-unreadable', message: `The key ${files.key} is missing. Put it back, or enrol again.` });
    return 'missing';
  }
  const message = `The key ${files.key} is not the one that was enrolled. Put the right file back, or enrol again.`;
  problems.push({ code: 'key-malformed', message });
  return 'unusable';
}

function spoolState(path: string, problems: Standing['problems']): Standing['spool'] {
  const read = new SpoolFile(path, realDisk, () => 0).read();
  if (read.state === 'missing') return null;
  const kept = 'The next start begins a new one and keeps this one beside it.';
  if (read.state === 'unreadable') {
    problems.push({ code: 'spool-damaged', message: `${path} cannot be read (${read.error}). ${kept}` });
    return null;
  }
  if (!read.whole) problems.push({ code: 'spool-damaged', message: `${path} is damaged. ${kept}` });
  return { bytes: sizeOf(path), waiting: read.messages.length };
}

/** Bytes of the file; 0 when the agent that runs here has just put another in its place. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
