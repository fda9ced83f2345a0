import { describe, expect, it } from '@jest/globals';
import { LAYERS, type Layer } from '@lockstep/core/health';
import type { FleetSummary } from '@lockstep/core/protocol';
import { fleetSentence, fleetWords } from './counts.js';

const summary = (health: Partial<FleetSummary['health']>, away = 0): FleetSummary => ({
  total: 0,
  away,
  health: { healthy: 0, degraded: 0, broken: 0, waiting: 0, unknown: 0, ...health },
  layers: Object.fromEntries(LAYERS.map((l) => [l, 0])) as Record<Layer, number>,
  hosts: { total: 1, connected: 1 },
  at: '2026-11-24T09:00:00.000Z',
});

describe('the fleet in one sentence', () => {
  it('tells what there is, and away outside the total', () => {
    expect(fleetSentence(summary({ healthy: 7, broken: 2, waiting: 1 }, 3))).toBe(
      '10 pairs: 7 healthy, 2 broken, 1 waiting; 3 away (not counted).',
    );
  });
  it('tells unknown as unknown', () => expect(fleetSentence(summary({ unknown: 1 }))).toBe('1 pair: 1 unknown.'));
  it('says that there are none', () => expect(fleetSentence(summary({}))).toBe('No pairs yet.'));
  it('says so when all are away', () => expect(fleetSentence(summary({}, 2))).toBe('0 pairs; 2 away (not counted).'));
  it('adds up', () => {
    const w = fleetWords(summary({ healthy: 3, degraded: 4, broken: 5, waiting: 6, unknown: 7 }));
    expect(w.head).toBe('25 pairs');
    expect(w.counts.reduce((s, c) => s + c.n, 0)).toBe(25);
  });
});
