import type { CodeNumber } from './shapes.js';

const TWO_32 = 2 ** 32;

/** The signed 32-bit number of the same bits: 0xE800001C is -402653156. Logs and cfgutil print errors this way. */
export function toSigned(code: number): number {
  return code | 0;
}

/** The bits of a signed 32-bit number: -402653156 is 0xE800001C. */
export function toUnsigned(code: number): number {
  return code >>> 0;
}

/** `0xE800001C`, as people search for it. */
export function hexOf(code: number): string {
  return `0x${toUnsigned(code).toString(16).toUpperCase().padStart(8, '0')}`;
}

/** Whether a number is one that is written in hex: an error of 32 bits with its top bit set. */
export function isWide(n: number): boolean {
  return n >= 0x8000_0000 && n < TWO_32;
}

/**
 * The number a row would carry for what somebody typed in decimals. A large negative number is a 32-bit error as logs print it; small ones
 * keep their sign. Null for what no family counts up to.
 */
export function fromDecimal(n: number): number | null {
  if (!Number.isSafeInteger(n)) return null;
  if (n >= TWO_32 || n < -0x8000_0000) return null;
  return n < -0xffff ? toUnsigned(n) : n;
}

/**
 * The number behind hex digits without their `0x`. Dialogs of Finder and iTunes drop zeros (`0xE80000A` is 0xE800000A): after `E8` what is
 * left is filled up to six digits. Sign-extended 64-bit forms lose their Fs. Null for anything longer than 32 bits.
 */
export function fromHex(digits: string): number | null {
  const hex = digits.toUpperCase().replace(/^F{8}(?=[89A-F][0-9A-F]{7}$)/, '');
  if (!/^[0-9A-F]{1,8}$/.test(hex)) return null;
  if (hex.length > 2 && hex.length < 8 && hex.startsWith('E8')) return Number.parseInt(`E8${hex.slice(2).padStart(6, '0')}`, 16);
  return Number.parseInt(hex, 16);
}

/** How a number is shown: `0xE800001C`, `-21`, `4013`. */
export function numberText(n: number): string {
  return isWide(n) ? hexOf(n) : String(n);
}

/** How a number or a run of numbers is shown. */
export function rangeText(n: CodeNumber): string {
  return typeof n === 'number' ? numberText(n) : `${numberText(n[0])} to ${numberText(n[1])}`;
}

/** How far `n` is from a number or a run; 0 when it lies in it. */
export function distanceTo(n: number, to: CodeNumber): number {
  const [from, until] = typeof to === 'number' ? [to, to] : to;
  return n < from ? from - n : n > until ? n - until : 0;
}
