/** Reads and writes messages of DNS (RFC 1035) as far as service discovery on the local network needs them (RFC 6762, 6763). */

export const TYPE = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 } as const;

/** A resource record. Of types that are not read here the data is left out. */
export interface DnsRecord {
  name: string;
  type: number;
  /** PTR and SRV: a name; A and AAAA: an address; TXT: entries as they stand, in latin1. */
  data: { name: string } | { target: string; port: number } | { address: string } | { entries: string[] } | null;
}

/** Names are 255 bytes long at most, labels 63 (RFC 1035, 2.3.4). */
const MAX_NAME = 255;
const MAX_RECORDS = 512;
/** Pointers only lead back; more than a name has labels is a loop. */
const MAX_POINTERS = 64;

/** A question for each name, answered to the port it came from. */
export function encodeQuery(questions: readonly { name: string; type: number }[]): Uint8Array {
  const parts: Buffer[] = [Buffer.from([0, 0, 0, 0, 0, questions.length, 0, 0, 0, 0, 0, 0])];
  for (const { name, type } of questions) {
    for (const label of name.split('.')) {
      const bytes = Buffer.from(label, 'utf8');
      if (bytes.length === 0 || bytes.length > 63) throw new RangeError(`${name} is no name`);
      parts.push(Buffer.from([bytes.length]), bytes);
    }
    // Class IN, with the bit that asks for an answer to this port alone (RFC 6762, 5.4).
    parts.push(Buffer.from([0, type >> 8, type & 0xff, 0x80, 1]));
  }
  return Buffer.concat(parts);
}

/** The records of an answer; null when the bytes are none. Never throws, reads nothing twice, and follows no loop. */
export function decodeAnswer(bytes: Uint8Array): DnsRecord[] | null {
  try {
    return new Reader(bytes).answer();
  } catch (e) {
    if (e instanceof Unreadable) return null;
    throw e;
  }
}

/** The bytes are no message. */
class Unreadable extends Error {}

class Reader {
  readonly #b: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#b = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  answer(): DnsRecord[] | null {
    if (this.#b.length < 12 || (this.#u8(2) & 0x80) === 0) return null;
    const [questions, ...sections] = [4, 6, 8, 10].map((at) => this.#u16(at));
    const count = sections.reduce((n, c) => n + c, 0);
    if (count > MAX_RECORDS || (questions ?? 0) > MAX_RECORDS) return null;
    this.#at = 12;
    for (let i = 0; i < (questions ?? 0); i++) {
      this.#name();
      this.#skip(4);
    }
    const records: DnsRecord[] = [];
    for (let i = 0; i < count; i++) records.push(this.#record());
    return records;
  }

  #record(): DnsRecord {
    const name = this.#name();
    const type = this.#u16(this.#at);
    this.#skip(8);
    const length = this.#u16(this.#at);
    this.#skip(2);
    const end = this.#at + length;
    if (end > this.#b.length) throw new Unreadable('cut');
    const data = this.#data(type, end);
    this.#at = end;
    return { name, type, data };
  }

  #data(type: number, end: number): DnsRecord['data'] {
    const length = end - this.#at;
    switch (type) {
      case TYPE.PTR:
        return { name: this.#name() };
      case TYPE.SRV: {
        if (length < 7) throw new Unreadable('cut');
        const port = this.#u16(this.#at + 4);
        this.#skip(6);
        return { target: this.#name(), port };
      }
      case TYPE.TXT:
        return { entries: this.#texts(end) };
      case TYPE.A:
        return length === 4 ? { address: [...this.#b.subarray(this.#at, end)].join('.') } : null;
      case TYPE.AAAA:
        return length === 16 ? { address: sixOf(this.#b.subarray(this.#at, end)) } : null;
      default:
        return null;
    }
  }

  #texts(end: number): string[] {
    const entries: string[] = [];
    while (this.#at < end) {
      const length = this.#u8(this.#at);
      if (this.#at + 1 + length > end) throw new Unreadable('cut');
      if (length > 0) entries.push(this.#b.toString('latin1', this.#at + 1, this.#at + 1 + length));
      this.#at += 1 + length;
    }
    return entries;
  }

  /** A name in lower case; labels keep dots of their own as they are, since none is asked for by name. */
  #name(): string {
    const labels: string[] = [];
    let size = 0;
    let at = this.#at;
    let after: number | null = null;
    for (let pointers = 0; ; ) {
      const length = this.#u8(at);
      if (length === 0) {
        at++;
        break;
      }
      if ((length & 0xc0) === 0xc0) {
        const to = this.#u16(at) & 0x3fff;
        after ??= at + 2;
        if (to >= at || ++pointers > MAX_POINTERS) throw new Unreadable('loop');
        at = to;
        continue;
      }
      if ((length & 0xc0) !== 0 || at + 1 + length > this.#b.length) throw new Unreadable('no label');
      size += length + 1;
      if (size > MAX_NAME) throw new Unreadable('long');
      labels.push(this.#b.toString('utf8', at + 1, at + 1 + length));
      at += 1 + length;
    }
    this.#at = after ?? at;
    return labels.join('.').toLowerCase();
  }

  #u8(at: number): number {
    const byte = this.#b[at];
    if (byte === undefined) throw new Unreadable('cut');
    return byte;
  }

  #u16(at: number): number {
    return this.#u8(at) * 256 + this.#u8(at + 1);
  }

  #skip(n: number): void {
    this.#at += n;
    if (this.#at > this.#b.length) throw new Unreadable('cut');
  }
}

function sixOf(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
