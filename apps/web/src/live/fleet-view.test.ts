import { describe, expect, it } from '@jest/globals';
import { HEALTHS, LAYERS, PRESENCES } from '@lockstep/core/health';
import fc from 'fast-check';
import {
  apiQuery,
  compareRows,
  DEFAULT_VIEW,
  type FleetView,
  isFiltered,
  matches,
  parseView,
  SORT_FIELDS,
  type Sort,
  searchOf,
} from './fleet-view.js';
import { row } from './rows.fixture.js';

const anyView: fc.Arbitrary<FleetView> = fc.record({
  health: fc.subarray([...HEALTHS]),
  layer: fc.subarray([...LAYERS]),
  presence: fc.subarray([...PRESENCES]),
  host: fc.option(fc.uuid(), { nil: null }),
  cause: fc.option(
    fc.integer({ min: 10, max: 999 }).map((n) => `C${n}`),
    { nil: null },
  ),
  q: fc.string({ maxLength: 200 }).map((s) => s.trim()),
  sort: fc.constantFrom<Sort>(...SORT_FIELDS, ...SORT_FIELDS.map((f) => `-${f}` as const)),
});

describe('the address of the fleet page', () => {
  it('says the whole view: written and read again it is the same', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const through = Object.fromEntries(new URLSearchParams(new URLSearchParams(searchOf(view)).toString()));
        expect(parseView(through)).toEqual(view);
      }),
    );
  });
  it('is empty for the view everybody begins with', () => {
    expect(searchOf(DEFAULT_VIEW)).toEqual({});
    expect(parseView({})).toEqual(DEFAULT_VIEW);
    expect(isFiltered(DEFAULT_VIEW)).toBe(false);
  });
  it('leaves out what it does not understand', () => {
    const odd = {
      health: 'broken,angry',
      layer: ['mux'],
      presence: 5,
      host: '../etc',
      cause: 'C1;drop',
      sort: '--since',
      q: 'x'.repeat(300),
    };
    expect(parseView(odd)).toEqual({ ...DEFAULT_VIEW, health: ['broken'], q: 'x'.repeat(200) });
  });
  it('never throws, whatever somebody types', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('health', 'layer', 'presence', 'host', 'cause', 'q', 'sort', 'z'), fc.anything()), (s) =>
        expect(() => searchOf(parseView(s))).not.toThrow(),
      ),
    );
  });
  it('is the same however the filters were clicked together', () => {
    expect(searchOf({ ...DEFAULT_VIEW, health: ['waiting', 'broken'] })).toEqual(
      searchOf({ ...DEFAULT_VIEW, health: ['broken', 'waiting'] }),
    );
  });
});

describe('what the API is asked', () => {
  it('means attached pairs by a health or a layer, so that the count on the filter is the count of rows', () => {
    expect(apiQuery({ ...DEFAULT_VIEW, health: ['broken'] })).toEqual({ health: 'broken', presence: 'attached', sort: 'health' });
    expect(apiQuery({ ...DEFAULT_VIEW, layer: ['mux'] })).toEqual({ layer: 'mux', presence: 'attached', sort: 'health' });
    expect(apiQuery({ ...DEFAULT_VIEW, health: ['broken'], presence: ['away'] })).toEqual({
      health: 'broken',
      presence: 'away',
      sort: 'health',
    });
  });
  it('asks for everything when nothing is filtered', () => expect(apiQuery(DEFAULT_VIEW)).toEqual({ sort: 'health' }));
});

describe('whether a row that changed still belongs', () => {
  const broken = row({ health: 'broken', primary: { cause: 'C44', layer: 'trust', confidence: 0.9, title: 'x' } });
  it.each([
    ['health', { health: ['broken'] }, { health: ['healthy'] }],
    ['layer', { layer: ['trust'] }, { layer: ['mux'] }],
    ['cause', { cause: 'C44' }, { cause: 'C30' }],
    ['host', { host: broken.hostId }, { host: '00000000-0000-4000-8000-00000000000f' }],
    ['presence', { presence: ['attached'] }, { presence: ['away'] }],
    ['search', { q: broken.deviceName.slice(1, 4).toUpperCase() }, { q: 'nowhere to be found' }],
  ] as [string, Partial<FleetView>, Partial<FleetView>][])('by %s', (_, yes, no) => {
    expect(matches(broken, { ...DEFAULT_VIEW, ...yes })).toBe(true);
    expect(matches(broken, { ...DEFAULT_VIEW, ...no })).toBe(false);
  });
  it('counts no away pair as broken', () => {
    expect(matches({ ...broken, presence: 'away' }, { ...DEFAULT_VIEW, health: ['broken'] })).toBe(false);
    expect(matches({ ...broken, presence: 'away' }, DEFAULT_VIEW)).toBe(true);
  });
  it('has no layer without a cause', () => expect(matches(row({ primary: null }), { ...DEFAULT_VIEW, layer: ['trust'] })).toBe(false));
});

describe('the order of rows', () => {
  it('begins with what needs a person soonest', () => {
    const rows = HEALTHS.map((health, i) => row({ id: `${i}`, health }));
    expect(rows.sort((a, b) => compareRows(a, b, 'health')).map((r) => r.health)).toEqual([
      'broken',
      'waiting',
      'unknown',
      'degraded',
      'healthy',
    ]);
  });
  it('is turned round by a minus, ties by id included', () => {
    const [a, b] = [row({ id: '1' }), row({ id: '2' })];
    for (const f of SORT_FIELDS) expect([compareRows(a, b, f), compareRows(a, b, `-${f}`)]).toEqual([-1, 1]);
  });
});
