import { Pseudonyms } from './pseudonyms.js';
import { Scrubber } from './scrub.js';
import { Secrets } from './secrets.js';

/** What is known of whose a text is, beside what it says itself. */
export interface KnownSecrets {
  /** Of people, phones and computers. */
  names: readonly string[];
  udids: readonly string[];
}

/**
 * Lines of this computer's logs without what says whose they are: names, serial numbers, ids, addresses and keys are taken out as for a
 * recording, each session with its own pseudonyms. A line in which a known secret is still found afterwards is left out.
 */
export function scrubLines(lines: readonly string[], known: KnownSecrets): string[] {
  const secrets = new Secrets();
  for (const name of known.names) secrets.name(name);
  for (const udid of known.udids) secrets.udid(udid);
  for (const line of lines) secrets.learn(line);
  const scrubber = new Scrubber(secrets, new Pseudonyms());
  return lines.map((line) => scrubber.text(line)).filter((line) => scrubber.survivors(line) === 0);
}
