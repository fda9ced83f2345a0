import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { cpuFrom, frameBytes, hourOf, memoryOf } from './costs.mjs';

/** @typedef {import('./stand-in.mjs').Heard} Heard */

const RATES = { stillMs: 60_000, fullMs: 3_600_000, slowMs: 1_800_000 };
const keyOf = (/** @type {{ kind: string }} */ fact) => fact.kind;
const fact = (/** @type {string} */ kind, reason = 'timeout') => /** @type {any} */ ({ kind, subject: 'host', state: 'failed', reason });
/** @type {(at: number, sort: Heard['sort'], bytes: number, facts?: any[], slow?: boolean) => Heard} */
const heard = (at, sort, bytes, facts = [], slow = false) => ({ at, sort, bytes, facts, slow });
const hour = (/** @type {Heard[]} */ messages, from = 0, to = 60_000, restBytes = 0) =>
  hourOf({ heard: messages, from, to, restBytes }, RATES, keyOf);

describe('an idle hour', () => {
  it('has as many stills as the agent sends, the slow ones at their own size', () => {
    const messages = [heard(1, 'still', 500, [], true), heard(30_000, 'still', 100)];
    expect(hour(messages).stills).toBe(58 * 100 + 2 * 500);
    // Without one in the window the size of the last one counts.
    expect(hour([heard(1, 'still', 100)], 10_000, 20_000).stills).toBe(60 * 100);
  });

  it('has whole pictures at the size of what is known, whether or not one came', () => {
    const known = [fact('clock'), fact('usb-bus')];
    const { fulls } = hour([heard(1, 'full', 400, [known[0]]), heard(2, 'facts', 400, [known[1]])]);
    const frame = JSON.stringify({
      type: 'facts',
      epoch: '0'.repeat(32),
      seq: 1_000,
      at: new Date(0).toISOString(),
      full: true,
      facts: known,
    });
    expect(fulls).toBe(frameBytes(Buffer.byteLength(frame)));
  });

  it('counts what was told again in the window, by its share of the message, and not what is new', () => {
    const before = heard(1, 'facts', 300, [fact('clock')]);
    const both = heard(20_000, 'facts', 300, [fact('clock', 'denied'), fact('usb-bus')]);
    expect(hour([before, both], 10_000, 70_000).changes).toBe(150 * 60);
    expect(hour([before, both], 30_000, 90_000).changes).toBe(0);
    expect(hour([before, heard(80_000, 'facts', 900, [fact('clock')])], 10_000, 70_000).changes).toBe(0);
  });

  it('is the sum of its parts, and scales with the window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 600_000 }), fc.nat(10_000), (length, rest) => {
        const found = hour([heard(1, 'still', 100), heard(1, 'full', 1)], 0, length, rest);
        expect(found.total).toBeCloseTo(found.stills + found.fulls + found.changes + found.rest, 3);
        expect(found.rest).toBeCloseTo((rest * 3_600_000) / length, 3);
      }),
    );
  });

  it('of nothing is nothing that could meet a goal', () => {
    expect(hour([]).total).toBeNaN();
  });
});

describe('what is read from others', () => {
  it('memory from /proc/PID/status', () => {
    expect(memoryOf('Name:\tnode\nVmRSS:\t   61548 kB\nRssAnon:\t   20164 kB\n')).toEqual({ rss: 61_548 * 1024, anonymous: 20_164 * 1024 });
    expect(memoryOf('Name:\tnode\n').rss).toBeNaN();
  });

  it('time from /proc/PID/stat, also of a program whose name has spaces and brackets', () => {
    const fields = ['S', ...Array.from({ length: 10 }, () => '0'), '150', '50', '30', '20', '20'];
    expect(cpuFrom(`42 (no) de) ${fields.join(' ')}`)).toEqual({ own: 2, tools: 0.5 });
  });

  it('the length of frames, by RFC 6455', () => {
    expect([0, 125, 126, 65_535, 65_536].map(frameBytes)).toEqual([6, 131, 134, 65_543, 65_550]);
  });
});
