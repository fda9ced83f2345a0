/** The moment every case is told at, ms. Cases hold ages; instants inside readings are made from this moment and moved along by `toInput`. */
export const CORPUS_NOW = Date.UTC(2026, 10, 24, 12, 0, 0);

export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;

/** The instant so many seconds before the corpus' moment; a negative number lies ahead. */
export function ago(seconds: number): string {
  return new Date(CORPUS_NOW - seconds * 1_000).toISOString();
}
