import { z } from 'zod';
import { type Ran, readDocument } from '../machine/index.js';

/** Null when a script of Windows did what it says in its section `done`, else the word for why not. */
export function notDone(step: string, ran: Ran): string | null {
  const doc = readDocument(ran);
  if (!doc.read) return `${step}-${doc.reason}`;
  const done = doc.document.section('done', z.string());
  if (!done.read) return `${step}-${done.reason === 'denied' ? 'denied' : 'failed'}`;
  // "Nothing there" is an answer to a question, not to being told to do something.
  return done.rows.length > 0 ? null : `${step}-failed`;
}
