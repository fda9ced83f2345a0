import {
  CODES,
  type CodeCandidate,
  type CodeRow,
  codeNumbers,
  codeQuery,
  codeWords,
  explainCode,
  familyWords,
  isWide,
  numberText,
  SOURCES,
  toSigned,
} from '@lockstep/core/codes';
import { causeTitle } from '@lockstep/core/diagnosis';
import { FIXES, fixWords, isFix } from '@lockstep/core/fixes';
import { UsageError } from '../machine/index.js';
import { noWords, readArguments } from './arguments.js';
import { type CommandContext, EXIT } from './command.js';

/** Lines of a terminal that other programs wrap to. */
const WIDTH = 100;

/**
 * `explain CODE`: what an error code means, for a person or as JSON. Several words are one sentence, as a dialog says it. Exit 0 when the
 * table has it, 1 when it has not. `explain --list`: the table, one code per line.
 */
export async function explainCommand(argv: readonly string[], { terminal }: CommandContext): Promise<number> {
  const { options, words } = readArguments(argv, { json: 'flag', list: 'flag' });
  if (options.list) {
    noWords(words);
    terminal.out(options.json ? `${JSON.stringify({ schema: 1, codes: CODES.map(asJson) }, null, 2)}\n` : listed());
    return EXIT.ok;
  }
  const text = words.join(' ').trim();
  if (text === '') throw new UsageError('explain: needs a code, such as -21, 0xE800001C or 4013 (--list shows them all)');
  const { asked, found, nearest } = explainCode(text);
  if (options.json) {
    const told = found.map(({ row, match, said, number }) => ({ ...asJson(row), match, said, number }));
    terminal.out(`${JSON.stringify({ schema: 1, asked, found: told, nearest: nearest.map(asJson) }, null, 2)}\n`);
  } else if (found.length > 0) {
    terminal.out(`${asText(found).join('\n')}\n`);
  } else {
    terminal.out(`${notFound(asked, nearest).join('\n')}\n`);
  }
  return found.length > 0 ? EXIT.ok : EXIT.fault;
}

/** A row for other programs: numbers as they are shown, causes and fixes with what people call them. */
function asJson(row: CodeRow) {
  return {
    id: row.id,
    family: row.family,
    numbers: row.numbers.map((n) => (typeof n === 'number' ? numberText(n) : [numberText(n[0]), numberText(n[1])])),
    names: row.names,
    twin: row.twin === null ? null : numberText(row.twin),
    layer: row.layer,
    ...codeWords(row),
    harmless: row.harmless === true,
    lowConfidence: row.lowConfidence === true,
    causes: row.causes.map((id) => ({ id, title: causeTitle(id) })),
    fixes: row.fixes.map((id) => ({ id, label: labelOf(id), risk: isFix(id) ? FIXES[id].risk : null })),
    source: SOURCES[row.source],
  };
}

function labelOf(fix: string): string | null {
  return isFix(fix) ? fixWords(fix).label : null;
}

function listed(): string {
  return CODES.map((row) => `${row.family}\t${codeNumbers(row)}\t${row.names[0] ?? ''}\t${codeWords(row).title}\n`).join('');
}

function asText(found: readonly CodeCandidate[]): string[] {
  const [main, ...others] = found;
  if (!main) return [];
  const lines = whole(main);
  const [second] = others;
  if (second) {
    lines.push('', 'It may also be');
    for (const { row, match, number } of others)
      lines.push(...wrapped(`  ${headline(row, match === 'name' ? null : number)}: `, codeWords(row).meaning));
    lines.push('', `Ask for one of them by its name, such as: lockstep-agent explain "${codeQuery(second.row, second.number)}"`);
  }
  return lines;
}

/** `lockdown  InvalidHostID (-21)`, with only the number that was meant when the row has many. */
function headline(row: CodeRow, number: number | null = null): string {
  const numbers = number === null ? codeNumbers(row, 3) : numberText(number);
  const [name] = row.names;
  return `${familyWords(row.family).title}, ${name === undefined ? numbers : `${name} (${numbers})`}`;
}

function whole({ row, match, number, said }: CodeCandidate): string[] {
  const words = codeWords(row);
  const lines = [`${words.title}  [${headline(row, match === 'name' ? null : number)}]`];
  const forms = [row.layer === null ? null : `rung: ${row.layer}`, ...spellings(row, number)].filter((s) => s !== null);
  if (forms.length > 0) lines.push(`  ${forms.join(' · ')}`);
  if (match === 'sign-dropped') lines.push(`  “${said}” is read with a minus sign.`);
  lines.push('', ...wrapped('', words.meaning));
  if (row.harmless) lines.push('By itself this is no fault.');
  if (row.lowConfidence) lines.push('This is a guess: little is known about this code.');
  if (row.causes.length > 0) lines.push('', 'Likely causes', ...row.causes.map((id) => titled(id, causeTitle(id))));
  lines.push('', 'First steps', ...wrapped('  ', words.next));
  for (const id of row.fixes) {
    const label = labelOf(id);
    if (label !== null) lines.push(titled(id, isFix(id) && FIXES[id].risk === 'destructive' ? `${label}: the last resort` : label));
  }
  lines.push('', `Source: ${SOURCES[row.source].title}`, `Seen in: ${familyWords(row.family).seen}`);
  return lines;
}

/** Other ways in which the same error is written. */
function spellings(row: CodeRow, number: number | null): string[] {
  const [only] = row.numbers;
  const n = number ?? (row.numbers.length === 1 && typeof only === 'number' ? only : null);
  const out: string[] = [];
  if (n !== null && isWide(n)) out.push(`signed: ${toSigned(n)}`);
  if (row.twin !== null) out.push(isWide(row.twin) ? `Apple’s number: ${numberText(row.twin)}` : `lockdown’s number: ${row.twin}`);
  return out;
}

function titled(id: string, title: string): string {
  return title === id ? `  ${id}` : `  ${id.padEnd(5)} ${title}`;
}

function notFound(asked: string, nearest: readonly CodeRow[]): string[] {
  const lines = [`${JSON.stringify(asked)} is not in the table of codes.`];
  if (nearest.length === 0) lines.push('Type the code as it is shown: -21, 0xE800001C, 4013, “Code 43”, or a word such as InvalidHostID.');
  else {
    lines.push('', 'Nearest');
    for (const row of nearest) lines.push(...wrapped(`  ${headline(row)}: `, codeWords(row).title));
  }
  return lines;
}

/** Text in lines of a terminal's width; what follows the first line stands below its text. */
function wrapped(start: string, text: string): string[] {
  const indent = ' '.repeat(start.length > 40 ? 4 : start.length);
  const lines: string[] = [];
  let line = start;
  for (const word of text.split(' ')) {
    const blank = line.trim() === '' || line.endsWith(' ');
    if (!blank && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line += blank ? word : ` ${word}`;
  }
  return [...lines, line];
}
