import { isFaultOf } from '../computer/index.js';
import { type Alarm, type LabClock, type Seeded, wallClock } from '../phone/index.js';
import type { Member } from './member.js';
import { breakIt, healComputer, healPhone, isHostFault, isOfComputer, isTroubled, type Trouble } from './trouble.js';

/** What goes wrong how often, and how long until somebody there puts it right if the console does not, in seconds. */
const LIKELY: readonly { trouble: Trouble; weight: number; leastS: number; mostS: number }[] = [
  { trouble: 'forgets-host', weight: 5, leastS: 480, mostS: 900 },
  { trouble: 'unpaired', weight: 3, leastS: 480, mostS: 900 },
  { trouble: 'service-refused', weight: 3, leastS: 60, mostS: 240 },
  { trouble: 'session-locked', weight: 2, leastS: 60, mostS: 240 },
  { trouble: 'not-listed', weight: 3, leastS: 240, mostS: 600 },
  { trouble: 'mux-stopped', weight: 2, leastS: 300, mostS: 600 },
  { trouble: 'mux-crashed', weight: 1, leastS: 300, mostS: 600 },
  { trouble: 'hang', weight: 1, leastS: 60, mostS: 180 },
  { trouble: 'trust-denied', weight: 1, leastS: 480, mostS: 900 },
  { trouble: 'unplugged', weight: 4, leastS: 60, mostS: 300 },
  { trouble: 'driver-missing', weight: 2, leastS: 480, mostS: 900 },
  { trouble: 'service-stopped', weight: 2, leastS: 300, mostS: 600 },
  { trouble: 'port-taken', weight: 1, leastS: 480, mostS: 900 },
  { trouble: 'restart-pending', weight: 1, leastS: 480, mostS: 900 },
  { trouble: 'agent-held', weight: 1, leastS: 480, mostS: 900 },
  { trouble: 'hidden-by-preference', weight: 1, leastS: 480, mostS: 900 },
  { trouble: 'agent-crashes', weight: 1, leastS: 480, mostS: 900 },
  { trouble: 'loose-cable', weight: 2, leastS: 300, mostS: 900 },
  { trouble: 'full-speed', weight: 1, leastS: 480, mostS: 900 },
  { trouble: 'hosts-overridden', weight: 1, leastS: 480, mostS: 900 },
  { trouble: 'disk-full', weight: 1, leastS: 480, mostS: 900 },
];

/** So that the first look at a fresh fleet shows something of each kind. */
const OPENING: readonly Trouble[] = [
  'forgets-host',
  'unpaired',
  'service-refused',
  'mux-stopped',
  'driver-missing',
  'agent-held',
  'disk-full',
];

/** Between two troubles of the whole fleet, seconds. */
const EVERY = { leastS: 20, mostS: 50 } as const;
/** No more phones than this share are in trouble at a time: a company works most of the day. */
const TROUBLED_SHARE = 0.4;

export interface ScriptNote {
  computer: string;
  phone: string | null;
  trouble: Trouble | 'healed';
}

/** Troubles that come and go on a fleet, the same for the same seed as far as people do not step in. */
export class TroubleScript {
  private readonly alarms = new Set<Alarm>();
  private stopped = false;
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly members: readonly Member[],
    private readonly seed: Seeded,
    private readonly note: (what: ScriptNote) => void,
    private readonly clock: LabClock = wallClock,
  ) {}

  /** Brings the first troubles at once, then one after another. */
  start(): void {
    this.queue(async () => {
      for (const trouble of OPENING) await this.strike(trouble);
    });
    this.next();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const alarm of this.alarms) alarm.cancel();
    this.alarms.clear();
    await this.work;
  }

  /** Resolves when everything that is due was done. */
  async idle(): Promise<void> {
    await this.work;
  }

  private next(): void {
    this.after(this.between(EVERY.leastS, EVERY.mostS), async () => {
      this.next();
      const weights = LIKELY.reduce((sum, l) => sum + l.weight, 0);
      let drawn = this.seed.below(weights);
      for (const row of LIKELY) {
        drawn -= row.weight;
        if (drawn < 0) return await this.strike(row.trouble);
      }
    });
  }

  /** Brings one trouble to a phone that has none, on a computer that has none. */
  private async strike(trouble: Trouble): Promise<void> {
    const phones = this.members.flatMap((m) => m.computer.bench.names.map((name) => ({ member: m, name })));
    const well = phones.filter(({ member, name }) => !isTroubled(member.computer, name));
    if (phones.length - well.length >= phones.length * TROUBLED_SHARE) return;
    const able = well.filter(({ member }) => !isHostFault(trouble) || isFaultOf(trouble, member.computer.os));
    const chosen = able[this.seed.below(Math.max(1, able.length))];
    if (!chosen) return;
    const { member, name } = chosen;
    const phone = isOfComputer(trouble) ? null : name;
    await breakIt(member.computer, trouble, phone);
    this.note({ computer: member.name, phone, trouble });
    const row = LIKELY.find((l) => l.trouble === trouble);
    this.after(this.between(row?.leastS ?? 120, row?.mostS ?? 300), async () => {
      if (!isTroubled(member.computer, name)) return;
      await (phone === null ? healComputer(member.computer) : healPhone(member.computer, name));
      this.note({ computer: member.name, phone, trouble: 'healed' });
    });
  }

  private between(leastS: number, mostS: number): number {
    return (leastS + this.seed.below(mostS - leastS + 1)) * 1_000;
  }

  private after(ms: number, act: () => Promise<void>): void {
    const alarm = this.clock.after(ms, () => {
      this.alarms.delete(alarm);
      this.queue(act);
    });
    this.alarms.add(alarm);
  }

  /** One thing at a time, so that two troubles never meet in the middle. */
  private queue(act: () => Promise<void>): void {
    this.work = this.work.then(async () => {
      if (!this.stopped) await act();
    });
  }
}
