import type { CauseId, HealthEffect } from '../health/index.js';

const MIN = 60_000;
const HOUR = 60 * MIN;

export const FAMILY_IDS = ['agent', 'key', 'phone-service', 'apple-software', 'trust', 'holder', 'idle', 'other'] as const;
/** Causes that are one story: what begins as one of them may go on as another, and it stays the same ticket. */
export type FamilyId = (typeof FAMILY_IDS)[number];

/** One row of the table of hold-offs. */
export interface Family {
  id: FamilyId;
  causes: readonly CauseId[];
  /** It is one story with this family, although it waits longer: a ticket of the one goes on with the other. */
  joins?: FamilyId;
  /** How long a cause has to be open before it is worth a ticket, ms. Null: it never is. */
  holdOffMs: number | null;
  /** Why this long: it is shown to whoever asks why there is no ticket yet. */
  because: string;
}

/**
 * When a finding is worth a ticket, by cause family. What a button or the holder can settle within the hold-off makes no work for a desk;
 * the lengths come from the fixes' own deadlines and pauses, and from how people work.
 */
export const FAMILIES: readonly Family[] = [
  {
    id: 'agent',
    causes: ['C97'],
    // The project's field notes name 24 h: rights are handed out by a profile or a package that has its own rounds.
    holdOffMs: 24 * HOUR,
    because: 'The rights it lacks arrive with a profile or package that is rolled out within a day.',
  },
  {
    id: 'key',
    causes: ['L01'],
    // A copied disk is often only started to be looked at; what still runs twice after a quarter of an hour is in use.
    holdOffMs: 15 * MIN,
    because: 'A copied computer is often switched off again at once; one that stays on has to be told apart by a person.',
  },
  {
    id: 'phone-service',
    causes: ['C30', 'C39'],
    // One restart (45 s and 5 s of settling), then the 10 min in which a second one is refused.
    holdOffMs: 10 * MIN,
    because: 'One restart of the phone service gets its chance; a second one is refused for ten minutes.',
  },
  {
    id: 'apple-software',
    causes: ['C25', 'C26', 'C27', 'C28', 'C29', 'C31', 'C34', 'C35', 'C62', 'C71', 'C72'],
    // An installation may take 15 min, and its driver or service is looked at after that.
    holdOffMs: 30 * MIN,
    because: 'Installing or repairing Apple’s software takes a quarter of an hour; it gets the time once.',
  },
  {
    id: 'trust',
    causes: ['C40', 'C43', 'C44'],
    // Asking for trust may take 150 to 180 s: the holder gets asked, asked again, and some minutes to come back to the desk.
    holdOffMs: 15 * MIN,
    because: 'Asking for trust takes three minutes; the holder gets asked twice before anybody else is.',
  },
  {
    id: 'holder',
    causes: ['C41', 'C42'],
    joins: 'trust',
    // Half a working day: a phone that lies locked in a meeting is no case for a desk, one that nobody touches until the evening is.
    holdOffMs: 4 * HOUR,
    because: 'The holder has to act, and looks at the phone within half a working day.',
  },
  { id: 'idle', causes: ['C98'], holdOffMs: null, because: 'A computer where nothing is plugged in is not a fault.' },
];

/** For a cause without a row, by what it does to a pair. */
const OTHERS: Record<HealthEffect, number | null> = {
  broken: 15 * MIN,
  waiting: 4 * HOUR,
  // What persists for a day is filed whatever it is.
  degraded: 24 * HOUR,
  unknown: 24 * HOUR,
  advisory: null,
};

const ROWS = new Map<CauseId, Family>(FAMILIES.flatMap((row) => row.causes.map((cause) => [cause, row] as const)));

/** The family under whose ticket a cause is told; `other` for one without a row. */
export function familyOf(cause: CauseId): FamilyId {
  const row = ROWS.get(cause);
  return row?.joins ?? row?.id ?? 'other';
}

/** How long a finding has to be open before it is filed, ms; null when it never is. An advisory files nothing, whatever its family. */
export function holdOffOf(cause: CauseId, health: HealthEffect): number | null {
  if (health === 'advisory') return null;
  const row = ROWS.get(cause);
  return row === undefined ? OTHERS[health] : row.holdOffMs;
}
