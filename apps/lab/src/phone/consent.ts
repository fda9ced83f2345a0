import type { Alarm, LabClock } from './clock.js';

/** The dialog "Trust This Computer?" as it stands on the screen. */
export interface TrustDialog {
  /** The computer that asked. */
  computer: string;
  since: number;
}

/** What the holder does by himself. */
export interface HolderHabits {
  /** Taps Trust this long after the dialog appears; null: waits to be told. */
  trustAfterMs: number | null;
}

/**
 * The holder's answer to each computer. A computer is told by its SystemBUID: tools make a new HostID for every attempt to pair, and
 * the tap answers the computer, not the attempt.
 */
export class Consent {
  private open: (TrustDialog & { alarm: Alarm | null }) | null = null;
  private readonly given = new Set<string>();
  private readonly refused = new Set<string>();

  constructor(
    private readonly clock: LabClock,
    private readonly habits: HolderHabits,
    /** Called when a tap changed something. */
    private readonly tapped: (answer: 'trust' | 'dont-trust', computer: string) => void,
  ) {}

  get dialog(): TrustDialog | null {
    return this.open && { computer: this.open.computer, since: this.open.since };
  }

  /**
   * What a computer that asks to pair is told. Opens the dialog when nobody has answered yet. `idle`: the holder does nothing by
   * himself; `unseen`: no dialog appears; `denies`: the holder refuses at once.
   */
  ask(computer: string, holder: 'usual' | 'idle' | 'unseen' | 'denies'): 'given' | 'refused' | 'pending' {
    if (this.given.has(computer)) return 'given';
    if (holder === 'denies') {
      this.close();
      this.refused.add(computer);
    }
    if (this.refused.has(computer)) return 'refused';
    if (holder === 'unseen') {
      this.close();
      return 'pending';
    }
    if (this.open === null) {
      const after = holder === 'usual' ? this.habits.trustAfterMs : null;
      this.open = { computer, since: this.clock.now(), alarm: after === null ? null : this.clock.after(after, () => this.tap('trust')) };
    }
    return 'pending';
  }

  /** A tap on the dialog. Whether there was one. */
  tap(answer: 'trust' | 'dont-trust'): boolean {
    if (this.open === null) return false;
    const { computer } = this.open;
    this.close();
    (answer === 'trust' ? this.given : this.refused).add(computer);
    this.tapped(answer, computer);
    return true;
  }

  /** The pairing was completed: the next attempt of this computer asks anew unless the phone knows the record. */
  spend(computer: string): void {
    this.given.delete(computer);
    this.refused.delete(computer);
  }

  /** The cable was pulled: the dialog is gone, and a refusal no longer stands. */
  reset(): void {
    this.close();
    this.given.clear();
    this.refused.clear();
  }

  private close(): void {
    this.open?.alarm?.cancel();
    this.open = null;
  }
}
