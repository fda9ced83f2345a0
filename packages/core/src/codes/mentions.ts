import { fromDecimal, fromHex } from './numbers.js';
import type { CodeFamily } from './shapes.js';

/** Something in a text that may be a code. */
export type Mention =
  | { kind: 'hex' | 'decimal'; text: string; number: number; marked: boolean }
  /** A name: `InvalidHostID`, `kAMDMuxError`, or several words read as one. */
  | { kind: 'name'; text: string; name: string; words: number };

/** What is read of a text, in UTF-16 units: more than any dialog says. */
export const TEXT_LIMIT = 2000;
/** How many numbers of a text are looked up. */
const MENTIONS = 12;
/** The longest name in words: "Pairing prohibited over this connection", and "Find My iPhone/iPod/iPad protected" read word by word. */
const NAME_WORDS = 7;

const HEX = /\b0x([0-9a-f]{1,17})\b|\b(e8[0-9a-f]{3,6}|8a15[0-9a-f]{4}|f{8}e8[0-9a-f]{6})\b/gi;
const DECIMAL = /(?<![\w/\\-]|\d[.,:])([-\u2212\u2013]?)(\d{1,12})(?![\w/\\]|[.,:]\d)/g;
/** What stands before a number that is meant as a code. */
const MARK =
  /(?:\(|\b(?:error|errorcode|code|codes|result|exit|status|returned|number|fehler|erreur)\W{0,3}(?:code|number|status)?\W{0,3}|mberrordomain\/)$/i;

/** A name as it is compared: without prefixes that headers add, spaces and case. */
export function plainName(raw: string): string {
  return raw
    .replace(/^(?:LOCKDOWN_E_|kAMD)/i, '')
    .replace(/[^0-9a-z]+/gi, '')
    .toLowerCase()
    .replace(/error$/, '');
}

/** Every number and name of a text that may be a code. */
export function mentionsIn(raw: string): Mention[] {
  const text = raw.slice(0, TEXT_LIMIT);
  const numbers: (Mention & { kind: 'hex' | 'decimal' })[] = [];
  for (const m of text.matchAll(HEX)) {
    const number = fromHex(m[1] ?? m[2] ?? '');
    if (number !== null) numbers.push({ kind: 'hex', text: m[0], number, marked: true });
  }
  const rest = text.replace(HEX, (s) => ' '.repeat(s.length)).replace(/(MBErrorDomain)\//gi, '$1(');
  for (const m of rest.matchAll(DECIMAL)) {
    const sign = m[1] === '' ? 1 : -1;
    const number = fromDecimal(sign * Number(m[2]));
    if (number !== null)
      numbers.push({ kind: 'decimal', text: m[0], number, marked: MARK.test(rest.slice(Math.max(0, m.index - 24), m.index)) });
  }
  // "iPhone 14 … occurred (4013)": once a number is marked as a code, the others are names of models and the like.
  const marked = numbers.filter((n) => n.marked);
  return [...(marked.length > 0 ? marked : numbers).slice(0, MENTIONS), ...namesIn(text)];
}

function namesIn(text: string): Mention[] {
  const words = text.split(/[\s()[\]{}"“”'’‘,;:.!?]+/).filter((w) => /[a-z]/i.test(w));
  const found: Mention[] = [];
  for (let from = 0; from < Math.min(words.length, 200); from++) {
    for (let length = 1; length <= NAME_WORDS && from + length <= words.length; length++) {
      const said = words.slice(from, from + length).join(' ');
      const name = plainName(said);
      if (name !== '') found.push({ kind: 'name', text: said, name, words: length });
    }
  }
  return found;
}

/** Words by which a text says whose number it is. */
const CONTEXT: Record<CodeFamily, RegExp> = {
  lockdown: /lockdown|ideviceinfo|idevicepair|idevice_id|libimobiledevice|\bpair(?:ed|ing)?\b|\btrust/i,
  'mobile-device': /kamd|mobiledevice|amdevice/i,
  usbmux: /usbmux|multiplexer|\bmux\b/i,
  restore: /restor|\bupdat|recovery|\bdfu\b|itunes|finder|unknown error|ipsw|firmware/i,
  backup: /back(?:ing|ed)?[ -]?up|mberrordomain|errorcode|idevicebackup/i,
  cfgutil: /cfgutil|configurator/i,
  'windows-pnp':
    /(?<!error |exit |return |\w)code\s*:?\s*\(?\d|device manager|\bdriver|problem code|configmanagererror|cm_prob|\bpnp|windows has stopped|setupapi/i,
  installer: /winget|\bmsi|install(?!ed\b)|exit code|pnputil|\bsetup\b/i,
};

/** How loud a text speaks of a family: by name, or in the words that people use for it ("error 9" is one of a restore). */
const NAMED = 30;
const HINTED = 10;

/** The families a text speaks of, and how loud. */
export function contextOf(text: string): ReadonlyMap<CodeFamily, number> {
  const start = text.slice(0, TEXT_LIMIT);
  const loud = new Map<CodeFamily, number>();
  if (/\berror\s?\(?\d/i.test(start)) loud.set('restore', HINTED);
  for (const family of Object.keys(CONTEXT) as CodeFamily[]) if (CONTEXT[family].test(start)) loud.set(family, NAMED);
  return loud;
}
