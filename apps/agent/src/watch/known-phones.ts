import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fact, Udid } from '@lockstep/core/health';
import { LIMITS } from '@lockstep/core/protocol';
import { z } from 'zod';

/** A phone that did not come back for this long is no longer looked for. */
const FORGOTTEN_MS = 30 * 86_400_000;
/** Phones remembered: well under what a server takes from one host. */
const MAX_PHONES = 64;

const Entry = z.object({ udid: Udid, seen: z.number().finite(), attempt: z.unknown().optional() });
const File = z.object({ schema: z.literal(1), phones: z.array(Entry).max(LIMITS.devicesPerHost) });

/**
 * Phones that were here: their absence is a reading too, also after the agent was restarted, and so is what a phone answered when it was
 * last asked to pair. Losing this file loses nothing that a look does not bring back, so what cannot be read is begun anew.
 */
export class KnownPhones {
  readonly #phones = new Map<Udid, { seen: number; attempt: Fact | null }>();
  readonly #path: string;
  #dirty = false;

  constructor(
    dir: string,
    private readonly now: () => number,
  ) {
    this.#path = join(dir, 'phones.json');
    for (const entry of readEntries(this.#path)) {
      const attempt = Fact.safeParse(entry.attempt);
      const mine =
        attempt.success &&
        attempt.data.kind === 'pairing-attempt' &&
        attempt.data.subject !== 'host' &&
        attempt.data.subject.udid === entry.udid;
      this.#phones.set(entry.udid, { seen: entry.seen, attempt: mine ? attempt.data : null });
    }
  }

  udids(): Udid[] {
    return [...this.#phones.keys()];
  }

  /** What phones answered when they were last asked to pair. */
  attempts(): Fact[] {
    return [...this.#phones.values()].flatMap((p) => (p.attempt ? [p.attempt] : []));
  }

  /** These phones are here. Returns those that were dropped to make room or because they stayed away too long. */
  seen(udids: readonly Udid[]): Udid[] {
    const now = this.now();
    for (const udid of udids) {
      const known = this.#phones.get(udid);
      // Written at most once an hour per phone: when it was last here matters in days.
      if (!known || now - known.seen > 3_600_000) this.#dirty = true;
      this.#phones.set(udid, { seen: now, attempt: known?.attempt ?? null });
    }
    const dropped: Udid[] = [];
    for (const [udid, { seen }] of [...this.#phones].sort(([, a], [, b]) => a.seen - b.seen)) {
      const old = now - seen > FORGOTTEN_MS;
      if (!old && this.#phones.size <= MAX_PHONES) continue;
      if (!old && udids.includes(udid)) continue;
      this.#phones.delete(udid);
      dropped.push(udid);
      this.#dirty = true;
    }
    return dropped;
  }

  /** A phone was asked to pair and answered. */
  attempted(facts: readonly Fact[]): void {
    for (const fact of facts) {
      if (fact.kind !== 'pairing-attempt' || fact.subject === 'host') continue;
      this.#phones.set(fact.subject.udid, { seen: this.#phones.get(fact.subject.udid)?.seen ?? this.now(), attempt: fact });
      this.#dirty = true;
    }
  }

  /** Writes the file if anything changed. Throws what the disk throws. */
  save(): void {
    if (!this.#dirty) return;
    const phones = [...this.#phones].map(([udid, { seen, attempt }]) => ({ udid, seen, ...(attempt ? { attempt } : {}) }));
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.#path}.next`, JSON.stringify({ schema: 1, phones } satisfies z.infer<typeof File>), { mode: 0o600 });
    renameSync(`${this.#path}.next`, this.#path);
    this.#dirty = false;
  }
}

function readEntries(path: string): z.infer<typeof Entry>[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  try {
    const file = File.safeParse(JSON.parse(text));
    if (file.success) return file.data.phones;
  } catch {
    // Not JSON: damaged as any other content that does not fit.
  }
  // What was there is kept for a person to look at, not written over.
  try {
    renameSync(path, `${path}.damaged`);
  } catch {
    // A file that cannot be moved is begun anew all the same.
  }
  return [];
}
