import type { FailReason, Reading } from '@lockstep/core/health';
import { z } from 'zod';
import { field, rowsOr, type Section, type WindowsDocument } from './document.js';

/** One running program. Its name is without `.exe`. */
export interface Process {
  pid: number;
  name: string;
  session: number | null;
}

const ProcessRow = z
  .object({ Id: z.number(), ProcessName: z.string(), SessionId: field.number })
  .transform((r): Process => ({ pid: r.Id, name: r.ProcessName, session: r.SessionId }));

/** Every running program. Every computer runs something: no row at all is no answer. */
export function processesOf(document: WindowsDocument): Section<Process> {
  const processes = document.section('processes', ProcessRow);
  return processes.read && processes.rows.length === 0 ? { read: false, reason: 'garbage' } : processes;
}

/** The session at the computer's own screen; null when the session manager does not say. */
export function frontSession(document: WindowsDocument): number | null {
  return rowsOr(document.section('glass', z.number()))[0] ?? null;
}

/** Each session of a person runs the shell, or at least its host. */
const SHELL = /^(explorer|sihost)$/i;
/** The screen that asks who is there: in front of a locked session, or where nobody is signed in. */
const LOCK = /^LogonUI$/i;

/** Who sits in front, read off the programs of each session: no word of a translated tool is needed. */
export function readSessions(
  document: WindowsDocument,
): { read: true; reading: Reading<'user-session'> } | { read: false; reason: FailReason } {
  const processes = processesOf(document);
  if (!processes.read) return processes;
  const of = (name: RegExp) =>
    new Set(processes.rows.flatMap((p) => (name.test(p.name) && p.session !== null && p.session > 0 ? [p.session] : [])));
  const people = of(SHELL);
  const front = frontSession(document);
  if (front === null && people.size > 0) return { read: false, reason: 'unsupported' };
  const console = front === null || !people.has(front) ? 'none' : of(LOCK).has(front) ? 'locked' : 'active';
  return { read: true, reading: { console, sessions: people.size } };
}
