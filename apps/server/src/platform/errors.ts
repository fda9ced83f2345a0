import { isNativeError } from 'node:util/types';

/**
 * The code of an error of Node or of a driver (`ENOENT`, `EADDRINUSE`, an SQLSTATE), or an empty string. Asked of the value, not of its
 * class: an error may come from another realm.
 */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What an error says; whatever else was thrown, as text. */
export function messageOf(error: unknown): string {
  return isNativeError(error) ? error.message : String(error);
}

/** The errors that a failed attempt is made of: an address with several numbers fails with one error for each. */
export function partsOf(error: unknown): unknown[] {
  return typeof error === 'object' && error !== null && 'errors' in error && Array.isArray(error.errors) ? [...error.errors] : [error];
}
