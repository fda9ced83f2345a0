import { UsageError } from '../machine/index.js';

/** How an option may stand on the command line. */
export type OptionKind = 'flag' | 'value';

/** What stood there. */
export interface Arguments<O extends Record<string, OptionKind>> {
  options: { [K in keyof O]: O[K] extends 'flag' ? boolean : string | undefined };
  words: string[];
}

/**
 * Reads `--name`, `--name value`, `--name=value` and words; `--` ends the options. An option that the command does not know, one given
 * twice, or one without its value is an error that names it.
 */
export function readArguments<const O extends Record<string, OptionKind>>(argv: readonly string[], known: O): Arguments<O> {
  const found = new Map<string, string | true>();
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? '';
    if (arg === '--') {
      words.push(...argv.slice(i + 1));
      break;
    }
    // A number below zero is a word: error codes begin with a minus sign.
    if (!arg.startsWith('-') || arg === '-' || /^-\d/.test(arg)) {
      words.push(arg);
      continue;
    }
    const [, name = '', inline] = /^--([a-z-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) throw new UsageError(`${arg}: no such option`);
    if (found.has(name)) throw new UsageError(`--${name}: given twice`);
    if (kind === 'flag') {
      if (inline !== undefined) throw new UsageError(`--${name}: takes no value`);
      found.set(name, true);
      continue;
    }
    const value = inline ?? argv[++i];
    if (value === undefined || value === '') throw new UsageError(`--${name}: needs a value`);
    found.set(name, value);
  }
  const options = Object.fromEntries(
    Object.entries(known).map(([name, kind]) => [name, kind === 'flag' ? found.has(name) : found.get(name)]),
  );
  return { options: options as Arguments<O>['options'], words };
}

/** Refuses words that the command has no use for. */
export function noWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`${words[0]}: not expected here`);
}
