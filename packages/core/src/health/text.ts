import { z } from 'zod';

/**
 * Text from outside that may be stored: a well-formed string without NUL. PostgreSQL refuses NUL (22P05) and lone surrogates (22P02)
 * in text and jsonb, and one such name would fail the whole batch it travels in.
 */
export function isStorableText(s: string): boolean {
  return !s.includes('\u0000') && isWellFormed(s);
}

function isWellFormed(s: string): boolean {
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c >= 0xd800 && c <= 0xdbff) {
      const d = s.charCodeAt(i + 1);
      if (!(d >= 0xdc00 && d <= 0xdfff)) return false;
      i++;
    } else if (c >= 0xdc00 && c <= 0xdfff) return false;
  }
  return true;
}

/** A bounded, storable string. `max` is in UTF-16 units. */
export const text = (max: number) => z.string().max(max).refine(isStorableText, { message: 'must be well-formed text without NUL' });

/**
 * Makes text from a phone or a computer safe to print on a terminal, in a log, a CSV cell or a ticket: control characters
 * (ANSI escapes among them) and bidirectional marks become U+FFFD, NUL and lone surrogates too.
 */
export function printable(s: string): string {
  let out = '';
  for (const ch of s) {
    const c = ch.codePointAt(0) ?? 0;
    const control = c < 0x20 || (c >= 0x7f && c <= 0x9f);
    const bidi = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c === 0x200e || c === 0x200f || c === 0x061c;
    const surrogate = c >= 0xd800 && c <= 0xdfff;
    out += control || bidi || surrogate ? '\ufffd' : ch;
  }
  return out;
}
