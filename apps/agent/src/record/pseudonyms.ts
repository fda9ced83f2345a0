import { createHmac, randomBytes } from 'node:crypto';

/** What is taken out of a recording. */
export const SECRET_KINDS = [
  'udid',
  'ecid',
  'serial',
  'name',
  'mac',
  'address',
  'uuid',
  'hex',
  'imei',
  'sid',
  'email',
  'key',
  'comment',
] as const;
export type SecretKind = (typeof SECRET_KINDS)[number];

/** Letters that stand in for letters: none of them is a hex digit, so that a made-up name never looks like an id. */
const LETTERS = 'ghijklmnopqrstuvwxyz';
const HEX = '0123456789abcdef';

/**
 * Made-up values in the place of real ones: the same value becomes the same pseudonym everywhere in one recording, in every spelling, and
 * nothing leads back. An id of some forty bits could be found by trying all of them, so pseudonyms hang on a key that nobody keeps.
 */
export class Pseudonyms {
  readonly #key: Uint8Array;
  readonly #counted = new Map<SecretKind, Set<string>>();

  constructor(key: Uint8Array = randomBytes(32)) {
    this.#key = key;
  }

  /** A short word for this recording, that samples of different computers can be told apart by. */
  tag(): string {
    return createHmac('sha256', this.#key).update('tag').digest('hex').slice(0, 4);
  }

  /** How many different values of each kind were replaced. */
  counts(): Partial<Record<SecretKind, number>> {
    return Object.fromEntries([...this.#counted].map(([kind, values]) => [kind, values.size]));
  }

  count(kind: SecretKind, canonical: string): void {
    const values = this.#counted.get(kind) ?? new Set();
    this.#counted.set(kind, values.add(canonical));
  }

  /** Letters become letters and digits digits, in the case that they had; all else stays. `spelled` is a spelling of `canonical`, sign by sign. */
  word(canonical: string, spelled: string): string {
    for (let again = 0; ; again++) {
      const draw = this.#draw(`word ${again} ${canonical}`);
      const other = [...spelled.normalize('NFC')]
        .map((c) => {
          if (/\p{N}/u.test(c)) return String(draw(10));
          if (!/[\p{L}\p{M}]/u.test(c)) return c;
          const letter = LETTERS[draw(LETTERS.length)] ?? 'x';
          return c === c.toLowerCase() ? letter : letter.toUpperCase();
        })
        .join('');
      // Short words may fall on themselves.
      if (other.toLowerCase() !== canonical.toLowerCase() || again > 16) return other;
    }
  }

  /** Hex digits become hex digits; separators stay. Capitals unless it was written in small letters. */
  hex(canonical: string, spelled: string, small = /[a-f]/.test(spelled)): string {
    const draw = this.#draw(`hex ${canonical}`);
    const other = spelled.replace(/[0-9a-f]/gi, () => HEX[draw(16)] ?? '0');
    return small ? other.toLowerCase() : other.toUpperCase();
  }

  /** An ECID as a number of the same many hex digits. */
  ecid(value: bigint): bigint {
    const digits = value.toString(16);
    const draw = this.#draw(`ecid ${digits}`);
    // The first digit is none that would make it shorter.
    return BigInt(`0x${[...digits].map((_, i) => HEX[i === 0 ? 1 + draw(15) : draw(16)]).join('')}`);
  }

  /** Digits become digits, the first never zero. */
  digits(canonical: string, spelled: string): string {
    const draw = this.#draw(`digits ${canonical}`);
    return spelled.replace(/\d/g, (_, i: number) => String(i === 0 ? 1 + draw(9) : draw(10)));
  }

  /** An IPv4 address in the same sort of network; addresses that shared a network still do, and of what names no computer nothing changes. */
  ipv4(address: string): string {
    const octets = address.split('.').map(Number);
    const [a = 0, b = 0] = octets;
    if (a === 0 || a === 127 || a >= 224) return address;
    const kept = (a === 192 && b === 168) || (a === 169 && b === 254) ? 2 : 1;
    return octets
      .map((octet, i) => {
        // The second octet of 172.16/12 and 100.64/10 says what sort of network it is.
        if (i < kept || octet === 0 || octet === 255 || (i === 1 && (a === 172 || a === 100))) return octet;
        return this.#shifted(`ipv4 ${octets.slice(0, i).join('.')}`, octet, 1, 254);
      })
      .join('.');
  }

  /** An IPv6 address with the same first group and the same gap. */
  ipv6(address: string): string {
    let before = '';
    return address
      .split(':')
      .map((group, i) => {
        const value = Number.parseInt(group || '0', 16);
        const other = i === 0 || value <= 1 ? group : this.#shifted(`ipv6 ${before}`, value, 2, 0xffff).toString(16);
        before += `${value.toString(16)}:`;
        return other;
      })
      .join(':');
  }

  /** One number of a range to another, each to one of its own; the same below the same network. */
  #shifted(network: string, value: number, least: number, most: number): number {
    const size = most - least + 1;
    const by = 1 + (this.#number(network) % (size - 1));
    return least + ((value - least + by) % size);
  }

  #number(text: string): number {
    return createHmac('sha256', this.#key).update(text).digest().readUInt32BE(0);
  }

  /** Small numbers that hang on the text, as many as are asked for. */
  #draw(text: string): (limit: number) => number {
    let block = 0;
    let bytes = Buffer.alloc(0);
    let at = 0;
    return (limit) => {
      if (at >= bytes.length) {
        bytes = createHmac('sha256', this.#key).update(`${block++} ${text}`).digest();
        at = 0;
      }
      return (bytes[at++] ?? 0) % limit;
    };
  }
}
