import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';

/** Files that come with the server: they lie beside `src` and `dist` alike. */
export const DATA_DIR = new URL('../../data/', import.meta.url);
/** The one name whose certificate leads to Apple's own root, which no public store has. */
const APPLES = 'gdmf.apple.com';

/** Who may vouch for a feed's server. */
export class Authorities {
  readonly #apple = readFileSync(new URL('apple-root-ca.pem', DATA_DIR), 'utf8');
  readonly #own: readonly string[];

  /**
   * @param caFile PEM of further authorities: of a proxy that looks into TLS, or of a mirror.
   * @throws Error when the file cannot be read
   */
  constructor(caFile: string | null) {
    this.#own = caFile === null ? [] : [readFileSync(caFile, 'utf8')];
  }

  /** For a server of this name, as `ca` of a TLS connection: Apple's root alone for Apple's own, the public ones for every other. */
  for(hostname: string): string[] {
    return [...(hostname === APPLES ? [this.#apple] : rootCertificates), ...this.#own];
  }
}
