/**
 * What a tool wrote, as text. Tools write UTF-8 with or without a byte order mark; Windows PowerShell writes UTF-16 (little-endian, with
 * or without a mark) when its output is redirected; line ends are LF, CRLF or a lone CR. The text has no mark and LF only. Bytes that are no
 * text of that encoding become U+FFFD, so that one bad name does not hide the rest.
 */
export function decodeOutput(bytes: Uint8Array): string {
  return decoderFor(bytes).replace(/\r\n?/g, '\n');
}

/** Lines of decoded output. `whole` is false for a last line without its newline: it may have been cut in the middle. */
export function linesOf(text: string): { line: string; whole: boolean }[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  const last = lines.pop() ?? '';
  const out = lines.map((line) => ({ line, whole: true }));
  if (last !== '') out.push({ line: last, whole: false });
  return out;
}

/** `key=value` lines (systemctl show, timedatectl show, loginctl show-session). A key said twice keeps its first value. */
export function propertiesOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const { line } of linesOf(text)) {
    const at = line.indexOf('=');
    if (at < 1) continue;
    const key = line.slice(0, at).trim();
    if (/^[A-Za-z][A-Za-z0-9_-]*$/.test(key) && !found.has(key)) found.set(key, line.slice(at + 1).trim());
  }
  return found;
}

function decoderFor(b: Uint8Array): string {
  if (b[0] === 0xff && b[1] === 0xfe) return utf16(b.subarray(2), 'utf-16le');
  if (b[0] === 0xfe && b[1] === 0xff) return utf16(b.subarray(2), 'utf-16be');
  if (b[0] === 0xef && b[1] === 0xbb && b[2] === 0xbf) return utf8(b.subarray(3));
  return unmarked16(b) ?? utf8(b);
}

/** ASCII in UTF-16 has a zero in every other byte; in UTF-8 text there is none at all. */
function unmarked16(b: Uint8Array): string | null {
  const pairs = Math.min(b.length >> 1, 64);
  if (pairs < 2) return null;
  let little = 0;
  let big = 0;
  for (let i = 0; i < pairs; i++) {
    if (b[2 * i] !== 0 && b[2 * i + 1] === 0) little++;
    if (b[2 * i] === 0 && b[2 * i + 1] !== 0) big++;
  }
  if (little >= pairs * 0.75) return utf16(b, 'utf-16le');
  if (big >= pairs * 0.75) return utf16(b, 'utf-16be');
  return null;
}

function utf16(b: Uint8Array, encoding: 'utf-16le' | 'utf-16be'): string {
  // Half a character at the end is output that was cut.
  return new TextDecoder(encoding).decode(b.subarray(0, b.length - (b.length % 2)));
}

function utf8(b: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(b);
}
