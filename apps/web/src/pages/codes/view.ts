import { CODE_FAMILIES, type CodeCandidate, type CodeFamily, type CodeRow, explainCode, searchCodes, twinRow } from '@lockstep/core/codes';

/** What the codes page shows: exactly what its address says. */
export interface CodesView {
  /** What is asked: a code, a name, a dialog's sentence, or words to search for. */
  q: string;
  /** Only codes of this family. */
  family: CodeFamily | null;
}

/** The view as query parameters; what filters nothing is left out. */
export type CodesSearch = Partial<Record<keyof CodesView, string>>;

/** Longest text that is asked: a dialog's sentence. */
export const MAX_CODE = 300;

/** Reads an address. What it does not understand it leaves out. */
export function parseCodes(search: Record<string, unknown>): CodesView {
  const text = (k: string) => (typeof search[k] === 'string' ? (search[k] as string) : '');
  return { q: text('q').slice(0, MAX_CODE).trim(), family: CODE_FAMILIES.find((f) => f === text('family')) ?? null };
}

/** Writes an address. */
export function codesSearch(view: CodesView): CodesSearch {
  return { ...(view.q === '' ? {} : { q: view.q }), ...(view.family === null ? {} : { family: view.family }) };
}

/** What the page has to show. */
export interface CodesShown {
  /** What the text may mean, likeliest first. */
  answers: CodeCandidate[];
  /** The rest of the table that fits: all of it while nothing is asked. */
  rows: CodeRow[];
  /** When nothing fits at all: what looks like it. */
  nearest: CodeRow[];
  /** How many rows each family would leave. */
  counts: Record<CodeFamily, number>;
}

/** The answers and the rows of a view. */
export function shownOf({ q, family }: CodesView): CodesShown {
  const { found, nearest } = q === '' ? { found: [], nearest: [] } : explainCode(q);
  const all = searchCodes(q);
  const counts = Object.fromEntries(CODE_FAMILIES.map((f) => [f, all.filter((r) => r.family === f).length])) as CodesShown['counts'];
  const fits = (row: CodeRow) => family === null || row.family === family;
  const answers = found.filter((c) => fits(c.row));
  // An answer says its twin's number itself: the twin is no row of its own beside it.
  const told = new Set(answers.flatMap(({ row }) => [row, twinRow(row)]));
  const rows = all.filter((row) => fits(row) && !told.has(row));
  return { answers, rows, nearest: all.length === 0 ? nearest : [], counts };
}

/**
 * The refusal in a rung's or an evidence's reading, as it can be asked for: `InvalidHostID (-21)` in
 * `com.apple.afc: InvalidHostID (-21)`, `last error -5`. Null when it holds none, or one that the table cannot explain.
 */
export function refusalIn(reading: string): string | null {
  const [said] = /\b[A-Z][A-Za-z]{3,63} \(-?\d{1,10}\)|\b(?:error|result) -?\d{1,10}\b|\b0xE8[0-9A-F]{3,6}\b/.exec(reading) ?? [];
  return said !== undefined && explainCode(said).found.length > 0 ? said : null;
}
