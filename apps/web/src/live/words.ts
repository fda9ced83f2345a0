import { type Health, printable } from '@lockstep/core/health';
import type { HealthChange } from './patch.js';

/** What a screen reader says about changes of health: each by name when they are few, counted when they are many. */
export function changeWords(changes: readonly HealthChange[], word: (health: Health) => string): string {
  const health = (c: HealthChange) => word(c.row.health);
  if (changes.length <= 3)
    return changes.map((c) => `${printable(c.row.deviceName)} on ${printable(c.row.hostName)}: now ${health(c)}.`).join(' ');
  const counts = new Map<string, number>();
  for (const c of changes) counts.set(health(c), (counts.get(health(c)) ?? 0) + 1);
  return `${changes.length} pairs changed: ${[...counts].map(([word, n]) => `${n} now ${word}`).join(', ')}.`;
}
