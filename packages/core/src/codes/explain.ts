import { printable } from '../health/index.js';
import { contextOf, type Mention, mentionsIn, plainName, TEXT_LIMIT } from './mentions.js';
import { distanceTo, isWide, numberText, toSigned } from './numbers.js';
import { CODE_FAMILIES, type CodeFamily, type CodeRow } from './shapes.js';
import { CODES } from './table.js';
import { codeWords } from './words.js';

/** How a text led to a row. */
export type CodeMatch =
  /** The number stands in the row. */
  | 'number'
  /** It lies in one of the row's runs. */
  | 'range'
  /** A row's name. */
  | 'name'
  /** 0x8007nnnn: Windows' form of the installer's number nnnn. */
  | 'wrapped'
  /** Only with a minus sign would it be lockdown's number. */
  | 'sign-dropped';

export interface CodeCandidate {
  row: CodeRow;
  match: CodeMatch;
  /** The part of the text that led here. */
  said: string;
  /** The number meant, as the row carries it; null for a name. */
  number: number | null;
  /** What ranked it. Only the order means anything. */
  score: number;
}

export interface Explanation {
  /** What was asked, safe to print. */
  asked: string;
  /** What it may mean, likeliest first; empty when it is not in the table. */
  found: CodeCandidate[];
  /** When nothing was found: rows that look like it. */
  nearest: CodeRow[];
}

/** How many meanings and how many likenesses are given. */
const FOUND = 8;
const NEAREST = 4;
/** How far a number may be off to be told as near: some of a small one; of one of 32 bits, its last two digits. */
const NEAR = 20;
const NEAR_WIDE = 0xff;
/** How many words of a text are compared with the names of the table when none of them is one. */
const LIKENED = 24;

/** Which family a bare number is likeliest to be of: what people copy from a dialog comes before what stands in logs. */
const PRIOR: Record<CodeFamily, number> = {
  lockdown: 8,
  'mobile-device': 7,
  restore: 6,
  'windows-pnp': 5,
  backup: 5,
  installer: 4,
  cfgutil: 2,
  usbmux: 1,
};
const WEIGHT = { number: 40, name: 40, wrapped: 38, range: 30, 'sign-dropped': 20 } as const satisfies Record<CodeMatch, number>;
/** A name as programs write it. */
const COMPOUND = /^\S*[a-z0-9][A-Z_]\S*$/;
/** The row is one that people meet often. */
const USUAL = 8;

/** Rows by name, as names are compared. */
const BY_NAME = new Map<string, CodeRow[]>();
for (const row of CODES) {
  for (const name of row.names) {
    const key = plainName(name);
    const known = BY_NAME.get(key);
    if (!known) BY_NAME.set(key, [row]);
    else if (!known.includes(row)) known.push(row);
  }
}

/**
 * What a code means, for whatever somebody has: `-21`, `InvalidHostID`, `0xE800001C`, `E80000A` with its zeros dropped, `-402653156`, `4013`,
 * `Code 43`, `0x8A15002B`, or the sentence of a dialog. Never throws. A bare number may mean several things: all are given, likeliest first.
 */
export function explainCode(text: string): Explanation {
  const asked = printable(text.slice(0, TEXT_LIMIT)).trim();
  const context = contextOf(asked);
  const mentions = mentionsIn(asked);
  const all = mentions.flatMap((m) => candidatesFor(m, context));
  // Beside a number the words of a sentence ("an unknown error") name nothing; `InvalidHostID` still does.
  const numbered = all.some((c) => c.number !== null && c.match !== 'sign-dropped');
  const best = new Map<string, CodeCandidate>();
  for (const found of all.filter((c) => !numbered || c.match !== 'name' || COMPOUND.test(c.said))) {
    const known = best.get(found.row.id);
    if (!known || known.score < found.score) best.set(found.row.id, found);
  }
  const found = withoutTwins([...best.values()], context).sort((a, b) => b.score - a.score || order(a.row) - order(b.row));
  return { asked, found: found.slice(0, FOUND), nearest: found.length > 0 ? [] : nearestTo(asked, mentions) };
}

function candidatesFor(mention: Mention, context: ReadonlyMap<CodeFamily, number>): CodeCandidate[] {
  const candidate = (row: CodeRow, match: CodeMatch, number: number | null, extra = 0): CodeCandidate => ({
    row,
    match,
    said: mention.text,
    number,
    score: WEIGHT[match] + extra + PRIOR[row.family] + (context.get(row.family) ?? 0) + (row.usual ? USUAL : 0),
  });
  if (mention.kind === 'name') {
    // One short word of a sentence ("success", "busy") is hardly a code; a compound is.
    const extra = mention.words > 1 || COMPOUND.test(mention.text) ? 10 : -10;
    return (BY_NAME.get(mention.name) ?? []).map((row) => candidate(row, 'name', null, extra));
  }
  const n = mention.number;
  const direct = CODES.flatMap((row) => {
    const at = row.numbers.find((to) => distanceTo(n, to) === 0);
    return at === undefined ? [] : [candidate(row, typeof at === 'number' ? 'number' : 'range', n)];
  });
  if (n >= 0x8007_0000 && n <= 0x8007_ffff && direct.length === 0) {
    const inner = n & 0xffff;
    return CODES.filter((r) => r.family === 'installer' && r.numbers.includes(inner)).map((row) => candidate(row, 'wrapped', inner));
  }
  if (mention.kind === 'hex' || n <= 0 || (direct.length > 0 && !context.has('lockdown'))) return direct;
  return [
    ...direct,
    ...CODES.filter((r) => r.family === 'lockdown' && r.numbers.includes(-n)).map((row) => candidate(row, 'sign-dropped', -n)),
  ];
}

/** A name stands for both of its numberings; one row says both, unless the text asks for the other. */
function withoutTwins(found: readonly CodeCandidate[], context: ReadonlyMap<CodeFamily, number>): CodeCandidate[] {
  const kept = context.has('mobile-device') ? 'mobile-device' : 'lockdown';
  const told = new Set(found.filter((c) => c.row.family === kept && c.row.twin !== null).map((c) => c.row.twin));
  return found.filter(
    (c) => c.row.family === kept || c.row.twin === null || c.match !== 'name' || !c.row.numbers.some((n) => told.has(n as number)),
  );
}

const order = (row: CodeRow) => CODE_FAMILIES.indexOf(row.family);

/** Rows that look like what was asked: numbers of the same kind close by, names that share most of their letters. */
function nearestTo(asked: string, mentions: readonly Mention[]): CodeRow[] {
  const likeness = new Map<CodeRow, number>();
  const note = (row: CodeRow, value: number) => likeness.set(row, Math.max(value, likeness.get(row) ?? 0));
  for (const m of mentions) {
    if (m.kind === 'name') continue;
    for (const row of CODES) {
      const far = Math.min(...row.numbers.map((to) => distanceTo(m.number, to)));
      if (far <= (isWide(m.number) ? NEAR_WIDE : NEAR)) note(row, 1 / (2 + far));
    }
  }
  const said = mentions.flatMap((m) => (m.kind === 'name' && m.words <= 3 && m.name.length >= 4 && m.name.length <= 48 ? [m.name] : []));
  const wholes = [...new Set(said)].slice(0, LIKENED).map(pairsOf);
  for (const [rows, pairs] of NAME_PAIRS) {
    const value = Math.max(0, ...wholes.map((whole) => alike(whole, pairs)));
    if (value >= 0.4) for (const row of rows) note(row, value);
  }
  const words = searchTexts(asked);
  for (const row of words) note(row, 0.35);
  const ranked = [...likeness].sort((a, b) => b[1] - a[1]).map(([row]) => row);
  return ranked.filter((row) => row.twin === null || row.family === 'lockdown' || isWide(mentionedNumber(mentions))).slice(0, NEAREST);
}

function mentionedNumber(mentions: readonly Mention[]): number {
  return mentions.find((m): m is Exclude<Mention, { kind: 'name' }> => m.kind !== 'name')?.number ?? 0;
}

/** A word's pairs of letters, each with how often it stands there. */
function pairsOf(word: string): ReadonlyMap<string, number> {
  const pairs = new Map<string, number>();
  for (let i = 0; i + 1 < word.length; i++) pairs.set(word.slice(i, i + 2), (pairs.get(word.slice(i, i + 2)) ?? 0) + 1);
  return pairs;
}

const NAME_PAIRS = [...BY_NAME].map(([name, rows]) => [rows, pairsOf(name)] as const);

/** Dice's coefficient of two words' pairs of letters: 1 for the same word, 0 for nothing in common. */
function alike(left: ReadonlyMap<string, number>, right: ReadonlyMap<string, number>): number {
  let shared = 0;
  let total = 0;
  for (const [pair, n] of left) {
    shared += Math.min(n, right.get(pair) ?? 0);
    total += n;
  }
  for (const n of right.values()) total += n;
  return total === 0 ? 0 : (2 * shared) / total;
}

/** What each row says, for a search by words; and its numbers and ids, which are found whole or not at all. */
const HAY = new Map<CodeRow, { text: string; whole: ReadonlySet<string> }>(
  CODES.map((row) => {
    const { title, meaning } = codeWords(row);
    const numbers = row.numbers.flatMap((n) => (typeof n === 'number' ? [numberText(n), String(toSigned(n))] : []));
    const twin = row.twin === null ? [] : [numberText(row.twin)];
    const text = [...row.names, ...row.names.map(plainName), title, meaning].join(' ').toLowerCase();
    return [row, { text, whole: new Set([...numbers, ...twin, ...row.causes, ...row.fixes].map((w) => w.toLowerCase())) }] as const;
  }),
);

function searchTexts(text: string): CodeRow[] {
  const words = text
    .toLowerCase()
    .split(/[^0-9a-z\u00c0-\uffff_'-]+/)
    .filter((w) => w.length > 1)
    .slice(0, 20);
  if (words.length === 0) return [];
  return CODES.filter((row) =>
    words.every((w) => HAY.get(row)?.whole.has(w) || (/[a-z\u00c0-\uffff]{2}/.test(w) && HAY.get(row)?.text.includes(w))),
  );
}

/** The same error in the other numbering; null where there is none. */
export function twinRow(row: CodeRow): CodeRow | null {
  const { twin } = row;
  return twin === null ? null : (CODES.find((r) => r.twin !== null && r.family !== row.family && r.numbers.includes(twin)) ?? null);
}

/** The rows for a search box: what the text may mean and its twins, then rows that speak of its words. An empty text gives the whole table. */
export function searchCodes(text: string): CodeRow[] {
  if (text.trim() === '') return [...CODES];
  const { found } = explainCode(text);
  const meant = found.flatMap(({ row }) => [row, twinRow(row)].filter((r) => r !== null));
  // Who types a number wants that number, not whatever else says "error".
  const numbered = found.some((c) => c.match !== 'name');
  return [...new Set([...meant, ...(numbered ? [] : searchTexts(text.slice(0, TEXT_LIMIT)))])];
}
