/** Everything that can be done from the keyboard, as rows: the list that `?` shows is this table. */
export const KEYS = [
  { command: 'search', keys: ['/'], words: 'Search', group: 'Everywhere' },
  { command: 'go-fleet', keys: ['g', 'f'], words: 'Go to the fleet', group: 'Everywhere' },
  { command: 'go-tickets', keys: ['g', 't'], words: 'Go to tickets', group: 'Everywhere' },
  { command: 'go-hosts', keys: ['g', 'h'], words: 'Go to hosts', group: 'Everywhere' },
  { command: 'go-software', keys: ['g', 's'], words: 'Go to software', group: 'Everywhere' },
  { command: 'go-enrol', keys: ['g', 'e'], words: 'Go to enrolment', group: 'Everywhere' },
  { command: 'go-orders', keys: ['g', 'o'], words: 'Go to orders', group: 'Everywhere' },
  { command: 'go-people', keys: ['g', 'p'], words: 'Go to people', group: 'Everywhere' },
  { command: 'go-replay', keys: ['g', 'r'], words: 'Go to try rules', group: 'Everywhere' },
  { command: 'go-codes', keys: ['g', 'c'], words: 'Go to error codes', group: 'Everywhere' },
  { command: 'help', keys: ['?'], words: 'Show this list', group: 'Everywhere' },
  { command: 'leave', keys: ['Escape'], words: 'Leave search, close what is open', group: 'Everywhere' },
  { command: 'next', keys: ['j'], words: 'Next row or rung', group: 'In a table or ladder' },
  { command: 'previous', keys: ['k'], words: 'Previous row or rung', group: 'In a table or ladder' },
  { command: 'open', keys: ['Enter'], words: 'Open', group: 'In a table or ladder' },
  { command: 'actions', keys: ['.'], words: 'Actions', group: 'In a table or ladder' },
] as const satisfies readonly { command: string; keys: readonly string[]; words: string; group: string }[];

export type Command = (typeof KEYS)[number]['command'];

/** The keys of a sequence have to follow each other within this time, ms: long enough to find `f`, too short to forget `g`. */
export const SEQUENCE_MS = 1200;

export interface Press {
  key: string;
  /** Control, Alt or Meta is held: the browser's own shortcut. */
  chord: boolean;
  /** The press goes into a field that takes text. */
  typing: boolean;
  /** ms */
  at: number;
}

export interface Pending {
  keys: readonly string[];
  at: number;
}

/** Reads one key press: what it commands, and what it leaves to wait for. Only Escape commands while somebody types. */
export function press(pending: Pending | null, p: Press): { command: Command | null; pending: Pending | null } {
  if (p.chord || (p.typing && p.key !== 'Escape')) return { command: null, pending: null };
  const before = pending && p.at - pending.at <= SEQUENCE_MS ? pending.keys : [];
  for (const keys of before.length > 0 ? [[...before, p.key], [p.key]] : [[p.key]]) {
    const hit = KEYS.find((k) => same(k.keys, keys));
    if (hit) return { command: hit.command, pending: null };
    if (KEYS.some((k) => k.keys.length > keys.length && same(k.keys.slice(0, keys.length), keys))) {
      return { command: null, pending: { keys, at: p.at } };
    }
  }
  return { command: null, pending: null };
}

const same = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((k, i) => k === b[i]);
