/** The systems an agent runs on. */
export const OSES = ['linux', 'macos', 'windows'] as const;
export type Os = (typeof OSES)[number];

/**
 * What a pair is: `healthy` needs fresh positive proof on every rung the pair needs; `waiting` means a person has to act;
 * `unknown` means the proof is missing, and is never shown as, counted as, or turned into `healthy`.
 */
export const HEALTHS = ['healthy', 'degraded', 'broken', 'waiting', 'unknown'] as const;
export type Health = (typeof HEALTHS)[number];

/** What a rule row says its cause does to a pair. `advisory` changes no health. */
export type HealthEffect = Exclude<Health, 'healthy'> | 'advisory';

/** Where the phone is. Presence is not health: an away pair keeps its last verdict and is counted in no health total. */
export const PRESENCES = ['attached', 'away', 'never-seen'] as const;
export type Presence = (typeof PRESENCES)[number];

/** What a rung of one pair shows. `not-reached`: a lower rung is broken. `not-needed`: this pair does not depend on it. */
export const RUNG_STATES = ['ok', 'broken', 'waiting', 'degraded', 'unknown', 'not-reached', 'not-needed'] as const;
export type RungState = (typeof RUNG_STATES)[number];

/** Worse is higher. Used to combine findings and to judge a fix: a verdict that moved up got worse. */
const SEVERITY: Record<Health, number> = { healthy: 0, degraded: 1, unknown: 2, waiting: 3, broken: 4 };

/** The worse of two healths. */
export function worseHealth(a: Health, b: Health): Health {
  return SEVERITY[a] >= SEVERITY[b] ? a : b;
}
