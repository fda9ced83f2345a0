/** A dictionary of a property list. It has no prototype, so that a key such as `__proto__` is a key like any other. */
export interface PlistDict {
  [key: string]: PlistValue;
}

/**
 * A value of a property list. Integers within ±(2^53 - 1) are numbers, others bigints: chip ids and `FamilyID`
 * 18446744073709551615 do not fit a double. A UID of a binary list reads as `{ 'CF$UID': n }`, as Apple's XML form writes it.
 */
export type PlistValue = string | number | bigint | boolean | Date | Uint8Array | PlistValue[] | PlistDict;

/** Why a property list was not read or written. */
export type PlistFault =
  | 'not-a-plist'
  | 'malformed'
  | 'dtd'
  | 'entity'
  | 'number'
  | 'too-deep'
  | 'too-many'
  | 'too-large'
  | 'cycle'
  | 'unwritable';

/**
 * A property list that was refused. The message holds the fault and a byte or character offset, never a piece of the content:
 * pair records, with private keys in them, pass through this parser.
 */
export class PlistError extends Error {
  override readonly name = 'PlistError';

  constructor(
    readonly fault: PlistFault,
    readonly offset: number | null = null,
  ) {
    super(offset === null ? `property list refused: ${fault}` : `property list refused: ${fault} at ${offset}`);
  }
}

export interface PlistLimits {
  /** Bytes of the list as received, and bytes of text and data it may unfold to (a binary list can name one string many times). */
  bytes: number;
  /** Nesting of arrays and dictionaries. */
  depth: number;
  /** Values and keys, counted each time one is named. */
  values: number;
}

/**
 * 16 MiB is the largest lockdown frame this agent takes. The deepest lists that lockdown, usbmux and `ioreg` send stay under 64 levels,
 * and a whole lockdown domain holds a few hundred values; 65,536 leaves room and bounds what a hostile phone can make us build.
 */
export const PLIST_LIMITS: PlistLimits = { bytes: 16 * 1024 * 1024, depth: 64, values: 65_536 };

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
/** What a property list's integer can be: signed 64 bit, or unsigned 64 bit for large positive values. */
const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 64n - 1n;

/** A number where it is exact, a bigint where it is not; refuses what no property list can hold. */
export function integerValue(n: bigint, offset: number | null): number | bigint {
  if (n < MIN_INTEGER || n > MAX_INTEGER) throw new PlistError('number', offset);
  return n >= -SAFE && n <= SAFE ? Number(n) : n;
}

/** Whether the value is a dictionary. */
export function isDict(value: PlistValue | undefined): value is PlistDict {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date) && !(value instanceof Uint8Array);
}

/** An empty dictionary without prototype. */
export function newDict(): PlistDict {
  return Object.create(null) as PlistDict;
}

/** What is left of the limits while one list is read. */
export class PlistBudget {
  #values: number;
  #pieces: number;
  #bytes: number;

  constructor(readonly limits: PlistLimits) {
    this.#values = limits.values;
    this.#pieces = limits.values * 4;
    this.#bytes = limits.bytes;
  }

  /** Pays for one value or key; `depth` is the number of containers around it. */
  value(depth: number, offset: number): void {
    if (depth > this.limits.depth) throw new PlistError('too-deep', offset);
    if (--this.#values < 0) throw new PlistError('too-many', offset);
  }

  /** Pays for a piece of XML that is no value: an end tag, a comment, a section, a character reference. Four a value are granted. */
  piece(offset: number): void {
    if (--this.#pieces < 0) throw new PlistError('too-many', offset);
  }

  /** Pays for the bytes of a text or of data, before they are copied. */
  bytes(count: number, offset: number): void {
    this.#bytes -= count;
    if (this.#bytes < 0) throw new PlistError('too-large', offset);
  }
}
