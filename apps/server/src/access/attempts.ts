import { isIPv6 } from 'node:net';
import { type Clock, ProblemError } from '../platform/index.js';

/** Keys that are remembered; beyond them the one that was idle longest is forgotten, so that a flood of names costs no memory. */
const MOST_KEYS = 20_000;

/**
 * Counts attempts of one kind per key, in memory: at most `most` in any `windowMs`. Each server process counts by itself, so several
 * let that many more through; a restart forgets, which costs an attacker more than it gains.
 */
export class Attempts {
  private readonly times = new Map<string, number[]>();

  constructor(
    private readonly clock: Clock,
    private readonly most: number,
    private readonly windowMs: number,
  ) {}

  /**
   * Counts an attempt before it is made, so that a hundred at once do not all pass.
   * @returns how to take it back, for attempts that turned out to be honest.
   * @throws ProblemError 429 `too-many-attempts` with Retry-After.
   */
  take(key: string): () => void {
    const now = this.clock.now();
    // Changed in place: whoever takes an attempt back while others are made holds this very list.
    const recent = this.times.get(key) ?? [];
    for (let first = recent[0]; first !== undefined && first <= now - this.windowMs; first = recent[0]) recent.shift();
    this.times.delete(key); // the map's order is the order of last use
    this.times.set(key, recent);
    const oldest = recent[0];
    if (recent.length >= this.most && oldest !== undefined) {
      const seconds = Math.max(1, Math.ceil((oldest + this.windowMs - now) / 1000));
      throw new ProblemError(429, 'too-many-attempts', `Too many attempts. Try again in ${seconds} s.`, [], {
        'retry-after': String(seconds),
      });
    }
    recent.push(now);
    if (this.times.size > MOST_KEYS) {
      const idlest = this.times.keys().next();
      if (!idlest.done) this.times.delete(idlest.value);
    }
    return () => {
      const at = recent.indexOf(now);
      if (at >= 0) recent.splice(at, 1);
    };
  }
}

/** The part of an address that one person holds: an IPv4 address, or the /64 that an IPv6 subscriber gets (RFC 6177). */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1);
  const [left = '', right] = groups.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const all = right === undefined ? head : [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return `${all.slice(0, 4).join(':')}::/64`;
}
