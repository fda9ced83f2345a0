import { FACT_KINDS, type Fact, type FactKind, factKey, type Subject, type Udid } from '@lockstep/core/health';

/** Facts about something that happened: they are not looked at again, and mean what they mean until the next such event. */
const EVENTS: ReadonlySet<FactKind> = new Set(['pairing-attempt', 'evidence']);

interface Held {
  fact: Fact;
  /** When it was last looked at, ms. */
  looked: number;
}

/** Everything this agent knows now: the latest fact of each key, and when it was last looked at. */
export class Picture {
  readonly #held = new Map<string, Held>();

  /** Takes what was read. A fact that is the same as before counts as looked at again. */
  take(facts: readonly Fact[]): void {
    for (const fact of facts) this.#held.set(factKey(fact), { fact, looked: Date.parse(fact.at) });
  }

  facts(): Fact[] {
    return [...this.#held.values()].map((h) => h.fact);
  }

  /** Drops a phone that has not been here for long. */
  forget(udid: Udid): void {
    for (const [key, { fact }] of this.#held) if (fact.subject !== 'host' && fact.subject.udid === udid) this.#held.delete(key);
  }

  /**
   * What can honestly be said of the facts of steady kinds that were not told anew: all of them were looked at no earlier than `at`, but
   * for `except`. A fact counts when its last look is younger than `maxAgeMs`. With `slowAgeMs` facts of slow kinds are spoken of too, each
   * counting when its last look is younger than that. Null when nothing was looked at.
   */
  still(now: number, maxAgeMs: number, slowAgeMs: number | null = null): Still | null {
    let oldest = Number.POSITIVE_INFINITY;
    const except: Still['except'] = [];
    for (const { fact, looked } of this.#held.values()) {
      const slow = FACT_KINDS[fact.kind].pace === 'slow';
      if (slow && slowAgeMs === null) continue;
      const maxAge = slow && slowAgeMs !== null ? slowAgeMs : maxAgeMs;
      if (EVENTS.has(fact.kind) || now - looked > maxAge) except.push({ kind: fact.kind, subject: fact.subject });
      else oldest = Math.min(oldest, looked);
    }
    if (!Number.isFinite(oldest)) return null;
    return { at: new Date(oldest).toISOString(), except, slow: slowAgeMs !== null };
  }

  /** Whether any fact of a slow kind is held. */
  get hasSlow(): boolean {
    return [...this.#held.values()].some((h) => FACT_KINDS[h.fact.kind].pace === 'slow');
  }
}

/** Unchanged facts were looked at again no earlier than `at`, but for `except`; those of slow kinds too when `slow`. */
export interface Still {
  at: string;
  except: { kind: FactKind; subject: Subject }[];
  slow: boolean;
}
