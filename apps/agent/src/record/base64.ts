/** Bytes in property lists, with the white space that is put into them. */
const DATA = /(<data>)([A-Za-z0-9+/=\s]+)(<\/data>)/g;
/** A run that is base64 by its length and its mix of signs, and no path. */
const RUN =
  /(?<![A-Za-z0-9+/=_.-])(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z0-9+/]*[a-z])(?=[A-Za-z0-9+/]*\d)[A-Za-z0-9+/]{24,}={0,2}(?![A-Za-z0-9+/=])/g;
/** A run with this many slashes and none of the padding is a path. */
const PATH_SLASHES = 2;
/** As long as the shortest key (Ed25519, AES-256). */
const KEY_BYTES = 32;

/** What is done with what base64 holds. */
export interface Inside {
  /** Text of the bytes, scrubbed. */
  inside(text: string): string;
  /** What takes the place of a key, a certificate or a hash. */
  key(base64: string): string;
}

/** Looks into everything that is base64: text in it is scrubbed in its place, bytes that may be a key are replaced. */
export function scrubBase64(text: string, o: Inside): string {
  return text
    .replace(DATA, (_, open: string, body: string, close: string) => open + scrubbed(body, o) + close)
    .replace(RUN, (run) => (isPath(run) ? run : scrubbed(run, o)));
}

/** The texts in everything that is base64. */
export function base64Texts(text: string): string[] {
  const runs = [...text.matchAll(DATA)].map(([, , body = '']) => body);
  runs.push(...[...text.matchAll(RUN)].map(([run]) => run).filter((run) => !isPath(run)));
  return runs.flatMap((run) => {
    const bytes = Buffer.from(run.replace(/\s/g, ''), 'base64');
    return [bytes.toString('utf8'), bytes.toString('latin1').replaceAll('\0', '')];
  });
}

function isPath(run: string): boolean {
  return !run.endsWith('=') && (run.match(/\//g)?.length ?? 0) >= PATH_SLASHES;
}

function scrubbed(body: string, o: Inside): string {
  const bytes = Buffer.from(body.replace(/\s/g, ''), 'base64');
  const asText = textOf(bytes);
  if (asText === null) {
    const latin = bytes.toString('latin1');
    const wide = latin.includes('\0')
      ? latin.replace(/(?:[^\0]\0){4,}/g, (w) => [...o.inside(w.replaceAll('\0', ''))].map((c) => `${c}\0`).join(''))
      : latin;
    const inside = o.inside(wide);
    // Registries hold short binary values that say something (a place on the bus); what is as long as a key may be one.
    if (inside === latin) return bytes.length >= KEY_BYTES ? o.key(body) : body;
    return Buffer.from(inside, 'latin1').toString('base64');
  }
  const inside = o.inside(
    asText.replace(/-----BEGIN [^-]+-----[\s\S]*/, (pem) =>
      pem.replace(/(-----\s*\n)([\s\S]*?)(-----END|$)/, (_, a: string, b: string, c: string) => a + b.replace(/[A-Za-z0-9+/=]/g, 'A') + c),
    ),
  );
  return inside === asText ? body : Buffer.from(inside, 'utf8').toString('base64');
}

/** Bytes that are readable text, without what ends a string in C. */
function textOf(bytes: Buffer): string | null {
  const text = bytes.toString('utf8');
  return /[\ufffd\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text) || /\0./.test(text) ? null : text;
}
