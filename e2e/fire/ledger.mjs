// What agents were told is stored, against what is.

/**
 * Devices a talker claims to have: message n writes its number into device n mod SLOTS. Below the devices one host may have
 * (64 in a bus reading), so that slots are written again and again.
 */
export const SLOTS = 40;

/** @param {number} slot @returns {string} */
export function udidOf(slot) {
  return `00008110-${slot.toString(16).toUpperCase().padStart(16, '0')}`;
}

/**
 * The acknowledged messages of one host. A message may be overwritten only once it was looked up, so each one that was ever acknowledged
 * is looked up, not just the last ones.
 */
export class Ledger {
  /** Highest number that was acknowledged and looked up. */
  looked = 0;
  /** Acknowledged messages that were looked up. */
  count = 0;

  /** @param {string} hostId */
  constructor(hostId) {
    this.hostId = hostId;
  }

  /** Whether message `seq` may be said: what its device holds now was looked up. @param {number} seq */
  mayOverwrite(seq) {
    return seq - SLOTS <= this.looked;
  }

  /**
   * Compares.
   * @param {number} acked highest acknowledged number, read before the rows were
   * @param {number} said highest number that was ever sent
   * @param {ReadonlyMap<string, number>} stored by UDID, what the rows tell; '' for the number in the host's own fact
   * @returns {string[]} a sentence for each message that is missing, or is there and was never said
   */
  look(acked, said, stored) {
    const missing = [];
    const newest = stored.get('') ?? 0;
    if (newest < acked) missing.push(`${this.hostId}: the rows know of message ${newest}, acknowledged was ${acked}`);
    for (let seq = this.looked + 1; seq <= acked; seq++) {
      const n = stored.get(udidOf(seq % SLOTS)) ?? 0;
      this.count += 1;
      // A later message of the same device cannot have been sent yet.
      if (n !== seq) missing.push(`${this.hostId}: message ${seq} was acknowledged, its row tells ${n}`);
    }
    for (const [udid, n] of stored) if (n > said) missing.push(`${this.hostId}: ${udid || 'the host'} tells ${n}, said was ${said}`);
    this.looked = Math.max(this.looked, acked);
    return missing;
  }
}
