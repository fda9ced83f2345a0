import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Introduction, KeyId, LIMITS, type OrderKeyView, SIGNED, successorText } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Clock, codeOf } from '../platform/index.js';
import { makePrivateFolder, OrderKey, OrderKeyError, putPrivate } from './order-key.js';
import { sameSecret } from './secrets.js';

/** Who came after whom, oldest first, and how long each predecessor still serves computers that have not met its successor. */
const Chain = z.strictObject({
  schema: z.literal(1),
  /** Since when the key used now is: no successor may be introduced for an earlier time. Null for the first key. */
  since: z.iso.datetime().nullable(),
  introductions: z.array(Introduction.extend({ overlapUntil: z.iso.datetime() })).max(LIMITS.orderKeys - 1),
});
type Chain = z.output<typeof Chain>;
type Link = Chain['introductions'][number];

/** The folder is looked at for a key that another server may have made at most this often, ms. */
const LOOK_MS = 1_000;

/** Why there can be no further key. */
export class TooManyKeysError extends Error {
  override readonly name = 'TooManyKeysError';
}

/**
 * The key that signs orders now, and the keys before it for as long as they overlap. All of them are files of this server's user:
 * `order-key.pem` is always the one used now; beside it lies the folder `order-key.earlier` with the ones before (`KEYID.pem`) and with
 * `chain.json`, which says in which order they introduced each other. Several servers that share the work share all of it.
 */
export class OrderKeys {
  #current: OrderKey;
  /** Keys before the one used now that are held, oldest first. */
  #before: OrderKey[] = [];
  #links: readonly Link[] = [];
  #since: string | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;

  private constructor(
    private readonly file: string,
    private readonly clock: Clock,
    private readonly overlapMs: number,
  ) {
    this.#current = this.#read();
  }

  /**
   * Reads the keys, or makes the first.
   * @param overlapMs how long a key that has a successor still serves
   * @throws OrderKeyError when a file cannot be used
   */
  static open(file: string, options: { clock: Clock; overlapMs: number }): OrderKeys {
    return new OrderKeys(file, options.clock, options.overlapMs);
  }

  /** The key used now: new tokens name it, computers that know it are asked for nothing else. */
  get current(): OrderKey {
    return this.#current;
  }

  /** The key of this id, if it still serves: the one used now, or one in its overlap. */
  find(keyId: string): OrderKey | null {
    const known = this.#held().find((k) => k.keyId === keyId);
    if (known) return known;
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_MS) return null;
    // Another server may have gone over to a key that this one has not heard of.
    this.reload();
    return this.#held().find((k) => k.keyId === keyId) ?? null;
  }

  /** The key whose fingerprint an enrolment token carries, if it still serves. */
  byFingerprint(fingerprint: string): OrderKey | null {
    return this.#held().find((k) => sameSecret(fingerprint, k.fingerprint)) ?? null;
  }

  /** The introductions that lead from a key to the one used now; none for that one itself, and for a key that does not serve. */
  chainFrom(keyId: string): Introduction[] {
    const at = this.#links.findIndex((l) => l.keyId === keyId);
    return at < 0 ? [] : this.#links.slice(at).map(({ overlapUntil: _, ...introduction }) => introduction);
  }

  /** 32 bytes for another purpose, derived from the oldest key that serves: a rotation does not change them, the end of that key does. */
  derive(purpose: string): Buffer {
    return (this.#before[0] ?? this.#current).derive(purpose);
  }

  /** The keys that serve, the one used now first. */
  list(): OrderKeyView[] {
    return this.#held().map((key) => ({
      keyId: key.keyId,
      fingerprint: key.fingerprint,
      state: key === this.#current ? 'current' : 'overlap',
      since: key === this.#current ? this.#since : (this.#links.find((l) => l.nextKeyId === key.keyId)?.notBefore ?? null),
      until: this.#links.find((l) => l.keyId === key.keyId)?.overlapUntil ?? null,
    }));
  }

  /** Keys whose overlap is over, oldest first, with all that came before the last of them. */
  due(): string[] {
    const now = this.clock.now();
    const last = this.#links.findLastIndex((l) => Date.parse(l.overlapUntil) <= now);
    return this.#links.slice(0, last + 1).map((l) => l.keyId);
  }

  /**
   * Goes over to a new key, which the one used now introduces. Callers make sure that one server does this at a time.
   * @throws TooManyKeysError when as many keys serve as an agent pins; OrderKeyError when a file cannot be written. Then nothing changed.
   */
  rotate(): { from: OrderKey; to: OrderKey } {
    this.reload();
    const from = this.#current;
    if (this.#links.length >= LIMITS.orderKeys - 1) throw new TooManyKeysError(`${LIMITS.orderKeys} order keys serve, which is the most`);
    const to = OrderKey.generate();
    const now = Math.max(this.clock.now(), this.#since === null ? 0 : Date.parse(this.#since) + 1);
    const unsigned = {
      keyId: from.keyId,
      nextKeyId: to.keyId,
      nextKey: to.publicKey,
      notBefore: new Date(now).toISOString(),
    };
    const link: Link = {
      ...unsigned,
      signature: from.sign(Buffer.from(SIGNED.successor + successorText(unsigned))),
      overlapUntil: new Date(now + this.overlapMs).toISOString(),
    };
    makePrivateFolder(this.#folder);
    this.#sweepStrays();
    to.writeTo(this.#fileOf(to.keyId));
    from.writeTo(this.#fileOf(from.keyId));
    // From here on the new key is the one used, whatever happens next: both keys and the introduction are on the disk.
    this.#writeChain({ schema: 1, since: link.notBefore, introductions: [...this.#links, link] });
    this.reload();
    rmSync(this.#fileOf(to.keyId), { force: true });
    return { from, to };
  }

  /**
   * Ends a key, and all before it: what led computers through it leads nowhere any more. Callers make sure that one server does this at a time.
   * @returns the ids of the keys that ended; none when the key does not serve or is the one used now
   * @throws OrderKeyError when a file cannot be written; then nothing changed
   */
  end(keyId: string): string[] {
    this.reload();
    const at = this.#links.findIndex((l) => l.keyId === keyId);
    if (at < 0) return [];
    const ended = this.#links.slice(0, at + 1).map((l) => l.keyId);
    this.#writeChain({ schema: 1, since: this.#since, introductions: this.#links.slice(at + 1) });
    this.reload();
    this.#sweepStrays();
    return ended;
  }

  /**
   * Reads the files again.
   * @throws OrderKeyError
   */
  reload(): void {
    this.#lookedAt = performance.now();
    this.#current = this.#read();
  }

  toJSON(): { current: string } {
    return { current: this.#current.keyId };
  }

  #held(): OrderKey[] {
    const over = new Set(this.due());
    return [this.#current, ...this.#before.filter((k) => !over.has(k.keyId)).reverse()];
  }

  /** Reads chain and keys; finishes a rotation that was cut off after its introduction was written. */
  #read(): OrderKey {
    const { introductions: links, since } = this.#readChain();
    const newest = links.at(-1)?.nextKeyId;
    let current = newest === undefined ? OrderKey.open(this.file) : OrderKey.read(this.file);
    if (newest !== undefined && current?.keyId !== newest) {
      const made = OrderKey.read(this.#fileOf(newest));
      if (made?.keyId === newest) made.writeTo(this.file);
      // Another server may have done just that.
      current = OrderKey.read(this.file);
      if (current?.keyId !== newest) {
        throw new OrderKeyError(
          `the order key ${this.file} is not the one that its predecessors introduced (${newest}): put that key back, or move ${this.#chainFile} away to do without them`,
        );
      }
    }
    if (!current) throw new OrderKeyError(`the order key ${this.file} is missing`);
    this.#links = links;
    this.#since = since;
    // A key that was taken away by hand serves nobody; the others do.
    this.#before = links.flatMap((l) => {
      const key = OrderKey.read(this.#fileOf(l.keyId));
      return key?.keyId === l.keyId ? [key] : [];
    });
    return current;
  }

  get #chainFile(): string {
    return join(this.#folder, 'chain.json');
  }

  #fileOf(keyId: string): string {
    return join(this.#folder, `${keyId}.pem`);
  }

  get #folder(): string {
    return `${this.file.replace(/\.pem$/, '')}.earlier`;
  }

  #readChain(): Chain {
    let text: string;
    try {
      text = readFileSync(this.#chainFile, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return { schema: 1, since: null, introductions: [] };
      throw new OrderKeyError(`${this.#chainFile} cannot be read (${codeOf(error)})`);
    }
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new OrderKeyError(`${this.#chainFile} is not JSON`);
    }
    const chain = Chain.safeParse(json);
    if (!chain.success) throw new OrderKeyError(`${this.#chainFile}: ${chain.error.issues[0]?.path.join('.') || 'it'} is not as expected`);
    return chain.data;
  }

  #writeChain(chain: Chain): void {
    putPrivate(this.#chainFile, `${JSON.stringify(chain, null, 2)}\n`);
  }

  /** Removes keys that ended, and those of rotations that were cut off before they counted. */
  #sweepStrays(): void {
    const known = new Set(this.#links.map((l) => l.keyId));
    for (const name of readdirSync(this.#folder)) {
      const id = name.replace(/\.pem$/, '');
      if (KeyId.safeParse(id).success && !known.has(id)) rmSync(join(this.#folder, name), { force: true });
    }
  }
}
