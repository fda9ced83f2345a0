import { printable } from '@lockstep/core/health';

/** A stored fact as text a person can read: names cannot turn it, control characters show as U+FFFD, and a page of it is the most. */
export function rawText(fact: unknown, indent = 2, max = 8000): string {
  if (fact === null || fact === undefined) return '';
  const json =
    JSON.stringify(fact, (_, v: unknown) => (typeof v === 'string' ? printable(v) : typeof v === 'bigint' ? v.toString() : v), indent) ??
    '';
  return json.length > max ? `${json.slice(0, max)}\n… ${json.length - max} characters more` : json;
}
