import type { PlistDict, PlistLimits, PlistValue } from './plist-value.js';
import { integerValue, newDict, PlistBudget, PlistError } from './plist-value.js';

/** The only document types that are let pass. They are skipped, never resolved; an internal subset is refused. */
const DOCTYPE =
  /<!DOCTYPE\s+plist\s+PUBLIC\s+"-\/\/Apple(?: Computer)?\/\/DTD PLIST 1\.0\/\/EN"\s+"https?:\/\/www\.apple\.com\/DTDs\/PropertyList-1\.0\.dtd"\s*>/y;
const DECLARATION = /<\?xml\s[^<>?]*\?>/y;
const ENCODING = /encoding\s*=\s*["']([^"']*)["']/;
const TAG = /<(\/?)([a-z]{1,8})\s*(\/?)>/y;
const PLIST_TAG = /<plist(?:\s[^<>]{0,200})?>/y;
const SPACE = /\s*/y;
const DECIMAL = /^[+-]?\d{1,40}$/;
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]{1,32})$/;
const REAL = /^[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,10})?$/;
const DATE = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?Z$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const REFERENCE = /^&([#a-zA-Z0-9]{1,9});/;
/** `&#1114111;`, the longest that means anything, and one more. */
const REFERENCE_LENGTH = 11;
const NAMED = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * Reads an XML property list. Control characters become spaces, in the bytes as in character references: phones send them raw, and
 * libimobiledevice (property_list_service.c) blanks them before it parses. Bytes that are no UTF-8 become U+FFFD.
 * Throws PlistError.
 */
export function readXmlPlist(bytes: Uint8Array, limits: PlistLimits): PlistValue {
  const reader = new XmlReader(decode(bytes), new PlistBudget(limits));
  return reader.document();
}

function decode(bytes: Uint8Array): string {
  let clean = bytes;
  for (let i = 0; i < bytes.length; i++) {
    if (!isControl(bytes[i] as number)) continue;
    if (clean === bytes) clean = new Uint8Array(bytes);
    clean[i] = 0x20;
  }
  // TextDecoder drops a byte order mark by itself.
  return new TextDecoder('utf-8').decode(clean);
}

function isControl(code: number): boolean {
  return code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d;
}

class XmlReader {
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly budget: PlistBudget,
  ) {}

  document(): PlistValue {
    this.#prologue();
    if (this.#match(PLIST_TAG) === null) this.#fail('not-a-plist');
    this.#skip();
    const value = this.#element(this.#tag(), 0);
    this.#skip();
    const end = this.#tag();
    if (!end.closing || end.name !== 'plist') this.#fail('malformed');
    this.#skip();
    if (this.#at !== this.text.length) this.#fail('malformed');
    return value;
  }

  #prologue(): void {
    this.#match(SPACE);
    const declaration = this.#match(DECLARATION);
    const encoding = declaration === null ? null : ENCODING.exec(declaration[0])?.[1]?.toLowerCase();
    if (encoding !== null && encoding !== undefined && encoding !== 'utf-8' && encoding !== 'us-ascii') this.#fail('not-a-plist');
    this.#skip();
    if (this.text.startsWith('<!', this.#at) && this.#match(DOCTYPE) === null) this.#fail('dtd');
    this.#skip();
  }

  /** Reads the value whose start tag was just read. */
  #element(tag: Tag, depth: number): PlistValue {
    const start = this.#at;
    this.budget.value(depth, start);
    if (tag.closing) this.#fail('malformed');
    switch (tag.name) {
      case 'dict':
        return tag.empty ? newDict() : this.#dict(depth + 1);
      case 'array':
        return tag.empty ? [] : this.#array(depth + 1);
      case 'true':
      case 'false':
        if (!tag.empty && this.#content(tag.name).trim() !== '') this.#fail('malformed');
        return tag.name === 'true';
      case 'string':
        return tag.empty ? '' : this.#text('string');
      case 'data':
        return tag.empty ? new Uint8Array(0) : base64(this.#text('data'), start);
      case 'integer':
        return integer(tag.empty ? '' : this.#content('integer').trim(), start);
      case 'real':
        return real(tag.empty ? '' : this.#content('real').trim(), start);
      case 'date':
        return date(tag.empty ? '' : this.#content('date').trim(), start);
      default:
        return this.#fail('malformed');
    }
  }

  #dict(depth: number): PlistDict {
    const dict = newDict();
    for (;;) {
      this.#skip();
      const tag = this.#tag();
      if (tag.closing && tag.name === 'dict') return dict;
      if (tag.closing || tag.name !== 'key') this.#fail('malformed');
      this.budget.value(depth, this.#at);
      const key = tag.empty ? '' : this.#text('key');
      this.#skip();
      dict[key] = this.#element(this.#tag(), depth);
    }
  }

  #array(depth: number): PlistValue[] {
    const array: PlistValue[] = [];
    for (;;) {
      this.#skip();
      const tag = this.#tag();
      if (tag.closing && tag.name === 'array') return array;
      array.push(this.#element(tag, depth));
    }
  }

  /** The text up to the end tag, paid for. */
  #text(name: string): string {
    const start = this.#at;
    const content = this.#content(name);
    this.budget.bytes(content.length, start);
    return content;
  }

  /** The text up to the end tag: character data, CDATA sections and comments, no elements. */
  #content(name: string): string {
    let content = '';
    for (;;) {
      const next = this.text.indexOf('<', this.#at);
      if (next < 0) this.#fail('malformed');
      content += this.#unescape(this.#at, next);
      this.#at = next;
      this.budget.piece(next);
      if (this.text.startsWith('<![CDATA[', next)) {
        const end = this.#find(']]>', next + 9);
        content += this.text.slice(next + 9, end);
        this.#at = end + 3;
      } else if (this.text.startsWith('<!--', next)) {
        this.#at = this.#find('-->', next + 4) + 3;
      } else {
        const tag = this.#tag();
        if (!tag.closing || tag.name !== name) this.#fail('malformed');
        return content;
      }
    }
  }

  /** Character data with its references resolved, one at a time: a replacing regular expression would first gather millions of them. */
  #unescape(from: number, to: number): string {
    const raw = this.text.slice(from, to);
    let done = 0;
    let out = '';
    for (let at = raw.indexOf('&'); at >= 0; at = raw.indexOf('&', done)) {
      this.budget.piece(from + at);
      const match = REFERENCE.exec(raw.slice(at, at + REFERENCE_LENGTH));
      const name = match?.[1] ?? '';
      const char = NAMED.get(name) ?? reference(name);
      if (match === null || char === null) throw new PlistError('entity', from + at);
      out += raw.slice(done, at) + char;
      done = at + match[0].length;
    }
    return done === 0 ? raw : out + raw.slice(done);
  }

  /** White space and comments between elements. */
  #skip(): void {
    for (;;) {
      this.#match(SPACE);
      if (!this.text.startsWith('<!--', this.#at)) return;
      this.budget.piece(this.#at);
      this.#at = this.#find('-->', this.#at + 4) + 3;
    }
  }

  #tag(): Tag {
    const match = this.#match(TAG);
    if (match === null || (match[1] !== '' && match[3] !== '')) this.#fail('malformed');
    return { name: match[2] as string, closing: match[1] !== '', empty: match[3] !== '' };
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  #find(what: string, from: number): number {
    const at = this.text.indexOf(what, from);
    if (at < 0) this.#fail('malformed');
    return at;
  }

  #fail(fault: 'malformed' | 'dtd' | 'not-a-plist'): never {
    throw new PlistError(fault, this.#at);
  }
}

interface Tag {
  name: string;
  closing: boolean;
  empty: boolean;
}

/** The character of `#65` or `#x41`; null for anything else, every declared entity included. */
function reference(name: string): string | null {
  const match = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
  if (match === null) return null;
  const code = match[1] === undefined ? Number.parseInt(match[2] as string, 10) : Number.parseInt(match[1], 16);
  if (code > 0x10ffff) return null;
  if (isControl(code)) return ' ';
  return code >= 0xd800 && code <= 0xdfff ? '\ufffd' : String.fromCodePoint(code);
}

function integer(text: string, offset: number): number | bigint {
  const hex = HEX.exec(text);
  if (hex !== null) return integerValue(BigInt(`0x${hex[2]}`) * (hex[1] === '-' ? -1n : 1n), offset);
  if (!DECIMAL.test(text)) throw new PlistError('number', offset);
  return integerValue(BigInt(text.replace('+', '')), offset);
}

function real(text: string, offset: number): number {
  const value = REAL.test(text) ? Number(text) : Number.NaN;
  // 1e400 reads as infinity: no database column and no JSON can hold it.
  if (!Number.isFinite(value)) throw new PlistError('number', offset);
  return value;
}

function date(text: string, offset: number): Date {
  const match = DATE.exec(text);
  const value = match === null ? null : new Date(text);
  // `new Date` moves 31 February into March; a date that does not exist is refused instead.
  if (value === null || Number.isNaN(value.getTime()) || !value.toISOString().startsWith(text.slice(0, 19)))
    throw new PlistError('number', offset);
  return value;
}

function base64(text: string, offset: number): Uint8Array {
  const packed = text.replace(/\s+/g, '');
  if (packed.length % 4 !== 0 || !BASE64.test(packed)) throw new PlistError('malformed', offset);
  return new Uint8Array(Buffer.from(packed, 'base64'));
}
