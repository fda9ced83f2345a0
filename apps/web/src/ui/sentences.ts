import { printable } from '@lockstep/core/health';

/** A sentence taken apart, so that names can be isolated and the age can tick. */
export interface SentenceParts {
  /** Names at its head, when it begins with them. */
  subject: { device: string; host: string } | null;
  /** Text before the age; all of it when there is none. */
  before: string;
  /** Text after the age; null when the sentence tells no age. */
  after: string | null;
}

/**
 * Takes the server's sentence apart: `J. Ito's iPhone on MBP-0231: broken {since}. …`. Names are cut off by their known length, so a name that
 * holds a colon, ` on ` or `{since}` cannot shift the cut. `subject` is null when the sentence does not begin with the names.
 */
export function partsOf(p: { sentence: string; deviceName: string; hostName: string }): SentenceParts {
  const whole = printable(p.sentence);
  const device = printable(p.deviceName);
  const host = printable(p.hostName);
  const head = `${device} on ${host}`;
  const named = device !== '' && whole.startsWith(`${head}:`);
  const rest = named ? whole.slice(head.length) : whole;
  const at = rest.indexOf('{since}');
  return {
    subject: named ? { device, host } : null,
    before: at === -1 ? rest : rest.slice(0, at),
    after: at === -1 ? null : rest.slice(at + '{since}'.length),
  };
}

/**
 * The same sentence, shortened for a row whose columns already say who, what health and since when: cause and next step are left.
 * Empty when the sentence says nothing more.
 */
export function shortSentence(p: { sentence: string; deviceName: string; hostName: string }): string {
  const { before, after } = partsOf(p);
  const rest = after ?? before.slice(before.indexOf(':') + 1);
  return rest.replace(/^[\s.:;,–-]+/, '').trim();
}
