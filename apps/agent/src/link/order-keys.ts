import { type Introduction, LIMITS, ServerKeys, SIGNED, successorText } from '@lockstep/core/protocol';
import { agentFiles, type Disk, realDisk } from './disk.js';
import { ENDED_KEYS, type Enrolment, type OrderKeyPin } from './identity.js';
import { fromBase64url, isSignedBy, keyIdOf } from './keys.js';
import { errnoOf } from './link-error.js';
import type { LinkLog } from './log.js';

/** Why an introduction was not followed. */
export type IntroductionRefusal =
  /** The id is not that of the key. */
  | 'bad-key'
  /** Signed in the name of a key that is not pinned here. */
  | 'unknown-predecessor'
  | 'bad-signature'
  /** The predecessor introduced another successor before. */
  | 'other-successor'
  /** Leads back: to a key that was pinned before, or to an earlier time. */
  | 'rolled-back'
  /** Its time has not come. */
  | 'too-early'
  | 'too-many';

/** Clocks of two computers drift apart over a long connection by less than this, ms; skew the first exchange removed. */
const FUTURE_MS = 5_000;

type Judged = { do: 'pin'; pin: OrderKeyPin } | { do: 'nothing' } | { do: 'refuse'; reason: IntroductionRefusal };

/** Judges one introduction against the pins (newest first) and the keys that have ended here. `now` is server time, ms. */
export function judgeIntroduction(
  i: Introduction,
  { pins, ended, now }: { pins: readonly OrderKeyPin[]; ended: readonly string[]; now: number },
): Judged {
  const refuse = (reason: IntroductionRefusal): Judged => ({ do: 'refuse', reason });
  const raw = fromBase64url(i.nextKey);
  if (raw?.length !== 32 || keyIdOf(raw) !== i.nextKeyId) return refuse('bad-key');
  const at = pins.findIndex((p) => p.keyId === i.keyId);
  const predecessor = pins[at];
  if (!predecessor) return refuse('unknown-predecessor');
  if (!isSignedBy(predecessor.publicKey, SIGNED.successor, successorText(i), i.signature)) return refuse('bad-signature');
  const known = pins[at - 1];
  if (known) return known.publicKey === i.nextKey ? { do: 'nothing' } : refuse('other-successor');
  // Here the predecessor is the newest key there is.
  const notBefore = Date.parse(i.notBefore);
  const isKnown = ended.includes(i.nextKeyId) || pins.some((p) => p.keyId === i.nextKeyId);
  if (isKnown || (predecessor.notBefore !== undefined && notBefore <= Date.parse(predecessor.notBefore))) return refuse('rolled-back');
  if (notBefore > now + FUTURE_MS) return refuse('too-early');
  if (pins.length >= LIMITS.orderKeys) return refuse('too-many');
  return { do: 'pin', pin: { keyId: i.nextKeyId, publicKey: i.nextKey, notBefore: i.notBefore } };
}

/** What following a chain came to. */
export interface Followed {
  /** Ids of the keys that are pinned now and were not before, oldest first. */
  pinned: string[];
  /** The first introduction that was refused: what came behind it was not looked at. */
  refused: { keyId: string; nextKeyId: string; reason: IntroductionRefusal } | null;
}

/** The server's keys that this agent takes orders from. What is pinned is on the disk before it counts; what the disk refuses is told again on the next connection. */
export class OrderKeys {
  #enrolment: Enrolment;
  readonly #disk: Disk;

  constructor(private readonly o: { dir: string; enrolment: Enrolment; log: LinkLog; disk?: Disk }) {
    this.#enrolment = o.enrolment;
    this.#disk = o.disk ?? realDisk;
  }

  /** Newest first: the first is the one that the next hello names. */
  get pins(): readonly OrderKeyPin[] {
    return this.#enrolment.orderKeys;
  }

  /** Takes a `server.keys` message as it came. Whatever of it does not hold changes nothing. `now` is server time, ms. */
  told(json: unknown, now: number): void {
    const message = ServerKeys.safeParse(json);
    if (message.success) this.follow(message.data.introductions, now);
    else {
      const field = message.error.issues[0]?.path.join('.') ?? '';
      this.o.log('error', 'successors of the order key were told in a way that cannot be read', { field });
    }
  }

  /** Follows a chain of introductions as far as it holds. `now` is server time, ms. */
  follow(introductions: readonly Introduction[], now: number): Followed {
    const ended = this.#enrolment.endedOrderKeys ?? [];
    let pins = [...this.pins];
    const pinned: string[] = [];
    let refused: Followed['refused'] = null;
    for (const i of introductions) {
      const judged = judgeIntroduction(i, { pins, ended, now });
      if (judged.do === 'refuse') {
        refused = { keyId: i.keyId, nextKeyId: i.nextKeyId, reason: judged.reason };
        break;
      }
      if (judged.do === 'nothing') continue;
      pins = [judged.pin, ...pins];
      pinned.push(judged.pin.keyId);
    }
    if (refused) this.o.log('error', 'an introduction of an order key was refused', refused);
    if (pinned.length === 0 || !this.#save({ ...this.#enrolment, orderKeys: pins })) return { pinned: [], refused };
    this.o.log('info', 'successors of the order key are pinned', { pinned });
    return { pinned, refused };
  }

  /**
   * The server proved that it holds this key: the keys before it end here, and come back never.
   * @returns the ids of the keys that ended
   */
  proven(keyId: string): string[] {
    const at = this.pins.findIndex((p) => p.keyId === keyId);
    const over = at < 0 ? [] : this.pins.slice(at + 1).map((p) => p.keyId);
    const ended = [...over, ...(this.#enrolment.endedOrderKeys ?? [])].slice(0, ENDED_KEYS);
    if (over.length === 0 || !this.#save({ ...this.#enrolment, orderKeys: this.pins.slice(0, at + 1), endedOrderKeys: ended })) return [];
    this.o.log('info', 'earlier order keys ended', { ended: over, by: keyId });
    return over;
  }

  #save(enrolment: Enrolment): boolean {
    try {
      this.#disk.replace(agentFiles(this.o.dir).enrolment, Buffer.from(`${JSON.stringify(enrolment, null, 2)}\n`, 'utf8'));
      this.#enrolment = enrolment;
      return true;
    } catch (error) {
      this.o.log('error', 'the order keys cannot be written down, they stay as they were', { error: errnoOf(error) });
      return false;
    }
  }
}
