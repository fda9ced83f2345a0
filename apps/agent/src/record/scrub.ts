import { isIPv4, isIPv6 } from 'node:net';
import { base64Texts, scrubBase64 } from './base64.js';
import type { Pseudonyms } from './pseudonyms.js';
import { LONG_NAME, type Secrets } from './secrets.js';

/** Private keys and certificates as text, also where their lines are escaped; one without its end was cut. */
const PEM = /(-----BEGIN [A-Z0-9 ]+-----)(.*?)(-----END [A-Z0-9 ]+-----|(?![\s\S]))/gs;
/** What people wrote into rules of a packet filter. */
const COMMENT = /("comment":\s*"|--comment\s+"?|\bcomment\s+")((?:[^"\\\n]|\\.)+)/g;
/** Text in sixteen bits that was read as eight. */
const WIDE = /(?:[^\0]\0){4,}/g;
/** What stands before a number with four parts that is a version and no address. */
const VERSION = /(?:version|build|driver|firmware)[^\n]{0,24}$/i;
/**
 * Windows' names for sorts of devices: the same on every computer, and rules against phones name them (learn.microsoft.com, "System-Defined
 * Device Setup Classes Available to Vendors"). Most of the older ones end alike.
 */
const PUBLIC_UUID =
  /^(?:eec5ad98-8080-425f-922a-dabf3de3f69a|36fc9e60-c465-11cf-8056-444553540000|88bae032-5a81-49f0-bc3d-a4ff138216d6|4d36e9[0-9a-f]{2}-e325-11ce-bfc1-08002be10318)$/i;

const FORMS = [
  String.raw`(?<email>[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4})`,
  String.raw`(?<sid>S-1-5-21(?:-\d{1,10}){3})`,
  '(?<udid>(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}|0000[0-9A-Fa-f]{20})(?![0-9A-Za-z]))',
  '(?<uuid>(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z]))',
  String.raw`(?<mac>(?<![0-9A-Za-z])[0-9A-Fa-f]{2}(?<sep>[:-])[0-9A-Fa-f]{2}(?:\k<sep>[0-9A-Fa-f]{2}){4}(?![0-9A-Za-z]))`,
  '(?<hex>(?<![0-9A-Za-z])(?:0[xX])?(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{12,64}(?![0-9A-Za-z]))',
  String.raw`(?<imei>(?<!\d)\d{15}(?!\d))`,
  String.raw`(?<ipv4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]))`,
  String.raw`(?<ipv6>(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:{1,2}){2,7}[0-9A-Fa-f]{0,4}(?![\w:.]))`,
];

/** Takes out of texts what says whose computer and whose phones these are, the same everywhere. */
export class Scrubber {
  readonly #pattern: RegExp;

  constructor(
    private readonly secrets: Secrets,
    private readonly pseudonyms: Pseudonyms,
  ) {
    const known = [...this.#ids(), ...this.#serials(), ...this.#words()];
    this.#pattern = new RegExp([...known, ...FORMS].join('|'), 'giu');
  }

  /** The text with pseudonyms. `versions`: it is a list of versions, in which four numbers with dots are no address. */
  text(raw: string, { versions = false }: { versions?: boolean } = {}): string {
    if (raw.includes('\0')) {
      const unwide = raw.replace(WIDE, (wide) => [...this.text(wide.replaceAll('\0', ''), { versions })].map((c) => `${c}\0`).join(''));
      if (unwide !== raw) return this.text(unwide.replaceAll('\0', '\u{f0000}'), { versions }).replaceAll('\u{f0000}', '\0');
    }
    const unkeyed = raw.replace(PEM, (_, begin: string, body: string, end: string) => {
      this.pseudonyms.count('key', body);
      return begin + body.replace(/\\[nr]|[A-Za-z0-9+/=]/g, (c) => (c.length > 1 ? c : 'A')) + end;
    });
    const uncommented = unkeyed.replace(COMMENT, (_, before: string, comment: string) => {
      this.pseudonyms.count('comment', comment);
      return before + this.pseudonyms.word(comment.toLowerCase(), comment);
    });
    const opened = scrubBase64(uncommented, {
      inside: (text) => this.#replaced(text, versions),
      key: (base64) => {
        this.pseudonyms.count('key', base64);
        return base64.replace(/[A-Za-z0-9+/]/g, 'A');
      },
    });
    return this.#replaced(opened, versions);
  }

  /** The same value of JSON, scrubbed: facts. */
  json<T>(value: T, options: { versions?: boolean } = {}): T {
    return JSON.parse(this.text(JSON.stringify(value), options)) as T;
  }

  /** How many known secrets are still in a text, in whatever spelling. */
  survivors(text: string): number {
    const views = [text, text.replaceAll('\0', ''), ...base64Texts(text)].flatMap((t) => {
      const plain = t.normalize('NFC').toLowerCase();
      return [plain, plain.replace(/[-:. ]/g, '')];
    });
    const { udids, serials, words, ecids } = this.secrets;
    const sought = [
      ...[...udids].map((u) => u.toLowerCase().replace('-', '')),
      ...[...serials].map((s) => s.toLowerCase()),
      ...[...words].filter((w) => w.length >= LONG_NAME),
      ...[...ecids].map((e) => e.toString(16)),
    ];
    return sought.filter((secret) => views.some((view) => view.includes(secret))).length;
  }

  #replaced(text: string, versions: boolean): string {
    return text.replace(this.#pattern, (...args) => {
      const groups = args.at(-1) as Record<string, string | undefined>;
      const found = args[0] as string;
      const at = args.at(-3) as number;
      const kind = Object.keys(groups).find((k) => k !== 'sep' && groups[k] !== undefined) ?? '';
      const before = text.slice(Math.max(0, at - 40), at);
      return this.#instead(kind.replace('known_', ''), found, versions || VERSION.test(before));
    });
  }

  #instead(kind: string, found: string, isVersion: boolean): string {
    const p = this.pseudonyms;
    const plain = found.toLowerCase().replace(/[-:]/g, '');
    switch (kind) {
      case 'word': {
        const spelled = unescapedWord(found);
        const canonical = spelled.normalize('NFC').toLowerCase();
        p.count('name', canonical);
        return p.word(canonical, spelled);
      }
      case 'serial':
        p.count('serial', found.toUpperCase());
        return p.word(`serial ${found.toUpperCase()}`, found);
      case 'udid':
        return this.#udid(found, plain);
      case 'decimal':
        p.count('ecid', plain);
        return p.ecid(BigInt(found)).toString();
      case 'hex':
        return this.#hex(found);
      case 'uuid':
      case 'mac':
        if (PUBLIC_UUID.test(found)) return found;
        p.count(kind, plain);
        return p.hex(plain, found);
      case 'imei':
        if (!isLuhn(found)) return found;
        p.count('imei', found);
        return p.digits(found, found);
      case 'sid':
        p.count('sid', found);
        return `S-1-5-21-${p.digits(found, found.slice('S-1-5-21-'.length))}`;
      case 'email':
        p.count('email', plain);
        return p.word(`email ${plain}`, found);
      case 'ipv4':
        return isIPv4(found) && !isVersion ? this.#address(found, p.ipv4(found)) : found;
      default:
        return isIPv6(found) ? this.#address(found, p.ipv6(found)) : found;
    }
  }

  #address(found: string, other: string): string {
    if (other !== found) this.pseudonyms.count('address', found);
    return other;
  }

  #udid(found: string, plain: string): string {
    this.pseudonyms.count('udid', plain);
    if (plain.length === 40) return this.pseudonyms.hex(plain, found, !/[A-F]/.test(found));
    // The first half is the chip's model.
    const other = this.pseudonyms
      .ecid(BigInt(`0x${plain.slice(8)}`))
      .toString(16)
      .padStart(16, '0');
    return found.slice(0, -16) + (/[a-f]/.test(found) ? other : other.toUpperCase());
  }

  #hex(found: string): string {
    const [, sign = '', digits = ''] = /^(0x)?(.*)$/i.exec(found) ?? [];
    const short = digits.replace(/^0+/, '');
    const small = /[a-f]/.test(digits);
    if (short.length > 0 && short.length <= 16 && digits.length !== 12) {
      const value = BigInt(`0x${short}`);
      this.pseudonyms.count(this.secrets.ecids.has(value) ? 'ecid' : 'hex', short.toLowerCase());
      const other = this.pseudonyms.ecid(value).toString(16).padStart(digits.length, '0');
      return sign + (small ? other : other.toUpperCase());
    }
    this.pseudonyms.count('hex', digits.toLowerCase());
    return sign + this.pseudonyms.hex(digits.toLowerCase(), digits, small);
  }

  #ids(): string[] {
    const { udids, ecids } = this.secrets;
    const udid = [...udids].map((u) => (u.includes('-') ? u.replace('-', '-?') : u));
    const hex = [...ecids].map((e) => `(?:0x)?0*${e.toString(16)}`);
    const decimal = [...ecids].map((e) => `(?<!\\d)${e}(?!\\d)`);
    return [group('udid', udid), group('hex', hex), group('decimal', decimal)].flat();
  }

  #serials(): string[] {
    return group('serial', [...this.secrets.serials].sort(longestFirst).map(escaped));
  }

  #words(): string[] {
    const words = [...this.secrets.words].sort(longestFirst).map((word) => {
      const spelled = [...word].map(spellings).join('');
      if (/^\p{N}+$/u.test(word)) return `(?<!\\p{N})${spelled}(?!\\p{N})`;
      return word.length < LONG_NAME && /^[a-z]+$/.test(word) ? `(?<![\\p{L}\\p{N}])${spelled}(?![\\p{L}\\p{N}])` : spelled;
    });
    return group('word', words);
  }
}

/** One group that says of what kind a match is: a name may stand once in a pattern, and the forms below have some of these names too. */
function group(name: string, alternatives: readonly string[]): string[] {
  return alternatives.length === 0 ? [] : [`(?<known_${name}>${alternatives.join('|')})`];
}

function longestFirst(a: string, b: string): number {
  return b.length - a.length;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, (c) => `\\${c}`);
}

/** A letter as tools write it: itself, taken apart, or escaped as JSON, XML, URLs and journals do. */
function spellings(letter: string): string {
  if (/^[\x20-\x7e]$/.test(letter)) return escaped(letter);
  const both = [...new Set([letter, letter.toUpperCase()])];
  const all = both.flatMap((c) => {
    const code = c.codePointAt(0) ?? 0;
    const bytes = [...Buffer.from(c, 'utf8')];
    const units = Array.from({ length: c.length }, (_, i) => `\\\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
    const octal = bytes.map((b) => `\\\\${b.toString(8).padStart(3, '0')}`).join('');
    const percent = bytes.map((b) => `%${b.toString(16).padStart(2, '0')}`).join('');
    const crossed = bytes.map((b) => `\\\\x${b.toString(16).padStart(2, '0')}`).join('');
    return [
      ...[c, c.normalize('NFD')].map(escaped),
      units,
      octal,
      percent,
      crossed,
      `&#${code};`,
      `&#x${code.toString(16)};`,
      '\\ufffd{1,4}',
    ];
  });
  return `(?:${all.join('|')})`;
}

/** The letters that such a spelling stands for. */
function unescapedWord(found: string): string {
  const bytes = (run: string, base: number) =>
    Buffer.from([...run.matchAll(/[0-9a-f]+/gi)].map(([n]) => Number.parseInt(n, base))).toString();
  return found
    .replace(/\\u([0-9a-f]{4})/gi, (_, n: string) => String.fromCharCode(Number.parseInt(n, 16)))
    .replace(/&#(x?)([0-9a-f]+);/gi, (_, x: string, n: string) => String.fromCodePoint(Number.parseInt(n, x ? 16 : 10)))
    .replace(/(?:\\[0-7]{3})+/g, (run) => bytes(run, 8))
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => bytes(run, 16))
    .replace(/(?:\\x[0-9a-f]{2})+/gi, (run) => bytes(run.replaceAll('x', ''), 16));
}

/** Whether the last digit proves the others, as in every IMEI (3GPP TS 23.003). */
function isLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, d, i) => {
    const n = Number(d) * (i % 2 === 1 ? 2 : 1);
    return total + (n > 9 ? n - 9 : n);
  }, 0);
  return sum % 10 === 0;
}
