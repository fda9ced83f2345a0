import { OrderKeyError, TokenFileError } from './access/index.js';
import { codeOf, EnvError, messageOf, partsOf, SecondProcessError, sqlState } from './platform/index.js';

/** The server cannot start; `message` is one sentence for a person. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Where the database is, without the password. */
function place(url: string): string {
  const u = new URL(url);
  return `${u.hostname || 'localhost'}:${u.port || '5432'}${u.pathname}`;
}

/** Why the database cannot be used, in one sentence; null when the error says nothing of the kind. */
export function databaseSentence(error: unknown, url: string): string | null {
  const where = place(url);
  const first = partsOf(error)[0];
  const code = codeOf(first);
  const state = sqlState(first);
  if (code === 'ECONNREFUSED') return `No database answers at ${where} (DATABASE_URL): start PostgreSQL, or mend the address.`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `The host of DATABASE_URL is not known: ${where}.`;
  if (code === 'ETIMEDOUT' || /timeout expired/.test(messageOf(first)))
    return `The database at ${where} (DATABASE_URL) does not answer in time.`;
  if (state === '28P01' || state === '28000') return `The database at ${where} refuses the user or password of DATABASE_URL.`;
  if (state === '3D000') return `There is no such database at ${where} (DATABASE_URL): create it first.`;
  if (state === '42501') return `The user of DATABASE_URL may not create tables at ${where}.`;
  // It went while it was asked; the driver's own words for that have no code.
  if (code === 'ECONNRESET' || code === 'EPIPE' || /connection terminated|connection error and is not queryable/i.test(messageOf(first)))
    return `The database at ${where} (DATABASE_URL) ended the connection: it has just gone down or is starting.`;
  if (state !== null && /^(08|57P)/.test(state)) return `The database at ${where} (DATABASE_URL) does not take connections now.`;
  return null;
}

/** Why the port cannot be listened on. */
export function listenSentence(error: unknown, host: string, port: number): string | null {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is in use: stop the program that has it, or set PORT.`;
  if (code === 'EACCES') return `Port ${port} may not be opened by this user: set PORT to 1024 or more.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `This computer has no address ${host}: set LOCKSTEP_HOST to one of its own.`;
  return null;
}

/** One sentence for errors that a person can mend; null for those that only a programmer can. */
export function startSentence(error: unknown): string | null {
  if (error instanceof EnvError) return `The configuration cannot be used: ${error.message}. Run with --help for the table of variables.`;
  if (
    error instanceof StartError ||
    error instanceof SecondProcessError ||
    error instanceof OrderKeyError ||
    error instanceof TokenFileError
  )
    return error.message;
  return null;
}
