import { describe, expect, it } from '@jest/globals';
import { isProof } from './table.mjs';
import { judgeFire } from './verdict.mjs';

/** @typedef {import('./verdict.mjs').Evidence} Evidence */

const HOST = '5f6b0c1e-8a77-4c2b-9f3d-0a1b2c3d4e5f';
const OTHER = '6f6b0c1e-8a77-4c2b-9f3d-0a1b2c3d4e5f';
const UDID = '00008110-001A2B3C4D5E801E';
const T = Date.parse('2026-11-24T10:00:00Z');

/** A fire in which everything went as it should: two orders on one computer, one on another, a ticket that came twice. @returns {Evidence} */
function innocent() {
  const over = { state: 'judged', verdict: 'cured', mechanics: 'done', detail: null };
  return {
    facts: { acknowledged: 900, lookedUp: 900, missing: [], quarantined: [] },
    asked: [
      { key: 'a', runId: 'run-1' },
      { key: 'b', runId: 'run-2' },
      { key: 'b', runId: 'run-2' }, // the answer got lost, and the same click was repeated
    ],
    runs: [
      { id: 'run-1', hostId: HOST, udid: UDID, fix: 'F11', ...over, askedAt: T, settledAt: T + 3_000 },
      { id: 'run-2', hostId: HOST, udid: UDID, fix: 'F11', ...over, askedAt: T + 70_000, settledAt: T + 73_000 },
      { id: 'run-3', hostId: OTHER, udid: null, fix: 'F08', ...over, askedAt: T, settledAt: T + 2_000 },
      {
        id: 'run-4',
        hostId: OTHER,
        udid: UDID,
        fix: 'F12',
        state: 'cancelled',
        verdict: null,
        mechanics: null,
        detail: 'cause-closed',
        askedAt: T + 9_000,
        settledAt: null,
      },
    ],
    effects: [
      { hostId: HOST, effect: 'asked-holder', udid: UDID, at: T + 1_000 },
      { hostId: HOST, effect: 'paired', udid: UDID, at: T + 2_000 },
      { hostId: HOST, effect: 'asked-holder', udid: UDID, at: T + 71_000 },
      { hostId: HOST, effect: 'paired', udid: UDID, at: T + 72_000 },
      { hostId: OTHER, effect: 'restart-asked', udid: null, at: T + 1_000 },
    ],
    tickets: [
      { id: 't-1', number: 1, hostId: HOST, udid: UDID, family: 'trust', openedAt: T, closedAt: T + 80_000, reopened: 1 },
      { id: 't-2', number: 2, hostId: OTHER, udid: '', family: 'phone-service', openedAt: T, closedAt: T + 9_000, reopened: 0 },
    ],
    events: [
      { ticketId: 't-1', kind: 'filed' },
      { ticketId: 't-2', kind: 'filed' },
      { ticketId: 't-1', kind: 'tried' },
      { ticketId: 't-1', kind: 'closed' },
      { ticketId: 't-1', kind: 'reopened' },
      { ticketId: 't-2', kind: 'closed' },
      { ticketId: 't-1', kind: 'closed' },
    ],
    leftOver: [],
  };
}

/** @param {(evidence: Evidence) => void} spoil @returns {Record<string, readonly string[]>} what was found, by row, rows without findings left out */
function found(spoil) {
  const evidence = structuredClone(innocent());
  spoil(evidence);
  const rows = judgeFire(evidence);
  expect(isProof({ rows, notes: [] })).toBe(false);
  return Object.fromEntries(rows.filter((r) => r.found.length > 0).map((r) => [r.what, r.found]));
}

/** Rows and effects are frozen in the types, not in the test. @template T @param {readonly T[]} list @param {number} i @returns {T} */
function at(list, i) {
  const one = list[i];
  if (one === undefined) throw new RangeError('no such row');
  return one;
}

describe('the judge', () => {
  it('finds nothing where nothing is wrong, and says how much was looked at', () => {
    const rows = judgeFire(innocent());
    expect(rows.map(({ what, found: all, checked }) => [what, all.length, checked])).toEqual([
      ['acknowledged facts lost', 0, 900],
      ['effects doubled', 0, 5],
      ['runs without a named state', 0, 4],
      ['tickets doubled', 0, 2],
      ['left over', 0, 2],
    ]);
    expect(isProof({ rows, notes: [] })).toBe(true);
  });

  it('takes no fire for a proof in which nothing happened, or that did not end', () => {
    const nothing = { ...innocent(), asked: [], runs: [], effects: [] };
    expect(isProof({ rows: judgeFire(nothing), notes: [] })).toBe(false);
    expect(isProof({ rows: judgeFire(innocent()), notes: ['not within 300 s: every run is over'] })).toBe(false);
  });

  it('finds one lost acknowledgement', () => {
    const missing = 'h: message 7 was acknowledged, its row tells 0';
    expect(found((e) => (e.facts = { ...e.facts, missing: [missing] }))).toEqual({ 'acknowledged facts lost': [missing] });
  });

  it('finds an acknowledged message in quarantine, and ones that were never looked up', () => {
    expect(found((e) => (e.facts = { ...e.facts, quarantined: ['q'], lookedUp: 897 }))).toEqual({
      'acknowledged facts lost': ['q', '3 acknowledged messages were never looked up'],
    });
  });

  it.each([
    ['asked-holder', 0],
    ['paired', 1],
    ['restart-asked', 4],
  ])('finds the doubled effect %s', (effect, i) => {
    const all = found((e) => (e.effects = [...e.effects, { ...at(e.effects, i), at: at(e.effects, i).at + 500 }]));
    expect(Object.keys(all)).toEqual(['effects doubled']);
    expect(all['effects doubled']).toEqual([expect.stringContaining(`has 2 times the effect ${effect}`)]);
  });

  it('finds an effect that nobody ordered: before any order, on another computer, of another fix', () => {
    for (const change of [{ at: T - 1 }, { hostId: 'elsewhere' }, { effect: /** @type {const} */ ('restart-asked'), udid: null }]) {
      const all = found((e) => (e.effects = [...e.effects, { ...at(e.effects, 0), ...change }]));
      expect(all['effects doubled']).toEqual([expect.stringContaining('nobody ordered that')]);
    }
  });

  it('finds one request that made two runs', () => {
    expect(found((e) => (e.asked = [...e.asked, { key: 'a', runId: 'run-2' }]))).toEqual({
      'effects doubled': ['one request made two runs: run-1 and run-2'],
    });
  });

  it.each(['queued', 'sent', 'received', 'settled', 'whatever'])('finds a run that ended as %s', (state) => {
    const all = found((e) => (e.runs = e.runs.map((r) => (r.id === 'run-1' ? { ...r, state, verdict: null } : r))));
    expect(all).toEqual({ 'runs without a named state': [`the run run-1 (F11, ${state}) is not over`] });
  });

  it('finds a run that is over and does not say how', () => {
    const silent = (/** @type {Partial<import('./verdict.mjs').Run>} */ change, /** @type {string} */ id) =>
      found((e) => (e.runs = e.runs.map((r) => (r.id === id ? { ...r, ...change } : r))));
    for (const [change, id] of /** @type {const} */ ([
      [{ verdict: null }, 'run-1'],
      [{ mechanics: null }, 'run-1'],
      [{ detail: null }, 'run-4'],
    ]))
      expect(silent(change, id)).toEqual({ 'runs without a named state': [expect.stringContaining(`${id} (`)] });
  });

  it('finds a run that was promised and is not in the rows', () => {
    expect(found((e) => (e.asked = [...e.asked, { key: 'c', runId: 'run-9' }]))).toEqual({
      'runs without a named state': ['the run run-9 was answered with 202 and is not in the rows'],
    });
  });

  it('finds a result that never arrived, and one without an effect', () => {
    expect(found((e) => (e.runs = e.runs.map((r) => (r.id === 'run-3' ? { ...r, mechanics: 'unknown', settledAt: null } : r))))).toEqual({
      'runs without a named state': ['the run run-3 (F08, judged) acted, and its result never arrived'],
    });
    expect(found((e) => (e.effects = e.effects.filter((_, i) => i !== 3)))).toEqual({
      'runs without a named state': ['the run run-2 (F11, judged) says it is done, and there is no effect paired'],
    });
  });

  it('finds a second ticket of the same case, open beside the first or filed where the first should have been reopened', () => {
    const second = { id: 't-3', number: 3, hostId: HOST, udid: UDID, family: 'trust', closedAt: T + 99_000, reopened: 0 };
    for (const openedAt of [T + 1_000, T + 90_000]) {
      const all = found((e) => {
        e.tickets = [...e.tickets, { ...second, openedAt }];
        e.events = [...e.events, { ticketId: 't-3', kind: 'filed' }, { ticketId: 't-3', kind: 'closed' }];
      });
      expect(all).toEqual({ 'tickets doubled': [`the tickets 1 and 3 are about the same: ${HOST} ${UDID} trust`] });
    }
  });

  it('finds a story in which something happened twice', () => {
    for (const kind of ['filed', 'closed']) {
      const all = found((e) => (e.events = [...e.events, { ticketId: 't-2', kind }]));
      expect(all).toEqual({ 'tickets doubled': [expect.stringContaining('the ticket 2 went: filed, closed')] });
    }
    expect(found((e) => (e.events = [...e.events, { ticketId: 't-2', kind: 'reopened' }]))['tickets doubled']).toEqual([
      'the ticket 2 counts 0 reopenings, its story 1',
    ]);
  });

  it('finds a number that was given to nobody', () => {
    expect(found((e) => (e.tickets = e.tickets.map((t) => (t.number === 2 ? { ...t, number: 3 } : t))))).toEqual({
      'tickets doubled': ['the tickets are not numbered from 1 without gaps: 3 stands where 2 should'],
    });
  });

  it('finds what was left over', () => {
    expect(found((e) => (e.leftOver = ['the ticket 1 is still open: x']))).toEqual({ 'left over': ['the ticket 1 is still open: x'] });
  });
});
