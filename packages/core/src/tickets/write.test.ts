import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { finding, HOST, HOUR, NOW, PAIR } from '../../test/case-at-hand.js';
import { RULES } from '../diagnosis/index.js';
import { isStorableText } from '../health/index.js';
import { BODY_MAX, TITLE_MAX, type TriedRun } from './shapes.js';
import { resultOf, ticketSentence } from './words.js';
import { type TicketStory, writeTicket } from './write.js';

const run = (change: Partial<TriedRun> = {}): TriedRun => ({
  id: 'r1',
  fix: 'F12',
  by: 'Tess',
  at: NOW,
  state: 'judged',
  verdict: 'unchanged',
  waitingFor: null,
  mechanics: 'done',
  ...change,
});
const story = (change: Partial<TicketStory> = {}): TicketStory => ({
  subject: PAIR,
  finding: finding(HOUR),
  since: NOW - HOUR,
  pairs: 1,
  tried: [],
  goneAt: null,
  isOver: false,
  reopened: 0,
  flapping: false,
  ...change,
});

describe('a ticket’s text', () => {
  it('says what, where, what next, what was tried and what it rests on', () => {
    const { title, body } = writeTicket(story({ tried: [run()] }));
    expect(title).toBe('Phone no longer trusts this computer: Jun’s iPhone on lnx-0231');
    expect(body).toBe(
      [
        'Jun’s iPhone on lnx-0231: broken since 2026-11-24 11:00 UTC.',
        'The phone does not accept the pair record that this computer holds.',
        'Next: Have the holder unlock the phone once; if it stays, ask for trust again.',
        '',
        'What was tried:',
        '- Ask for trust again, by Tess, 2026-11-24 12:00 UTC: it did not help: the cause was still there.',
        '',
        'What it rests on (C44, trust rung, 90 % sure):',
        '- session.not-known: yes (InvalidHostID (-21))',
      ].join('\n'),
    );
  });
  it('counts a computer’s phones', () => {
    const { title, body } = writeTicket(story({ subject: HOST, finding: finding(HOUR, { cause: 'C30', layer: 'mux' }), pairs: 3 }));
    expect(title).toBe('Phone service is down: lnx-0231 (3 phones)');
    expect(body).toContain('3 phones are affected.');
    expect(body).toContain('- Nothing yet.');
  });
  it('tells a cause that is gone, comes and goes, came back', () => {
    expect(writeTicket(story({ goneAt: NOW })).body).toContain('Proven gone at 2026-11-24 12:00 UTC.');
    expect(writeTicket(story({ goneAt: NOW, isOver: true })).body).toContain('It stayed so, and the ticket is closed.');
    expect(writeTicket(story({ flapping: true })).body).toContain('comes and goes');
    expect(writeTicket(story({ reopened: 2 })).body).toContain('came back 2 times');
  });
  it('cuts a long story at its old end', () => {
    const tried = Array.from({ length: 30 }, (_, n) => run({ id: `r${n}`, by: `P${n}` }));
    const { body } = writeTicket(story({ tried }));
    expect(body).toContain('- 10 earlier runs are not listed.');
    expect(body).toContain('by P29');
    expect(body).not.toContain('by P9,');
  });
  it('stays within its lengths and prints nothing that turns or breaks a line, whatever phones and computers are called', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.constantFrom('\u202Eevil', 'a\nb', '😀'.repeat(120), '\u001b[31m', ''),
    );
    fc.assert(
      fc.property(
        name,
        name,
        name,
        fc.constantFrom(...RULES.map((r) => r.id)),
        fc.boolean(),
        fc.integer({ min: 0, max: 999 }),
        (device, host, reading, cause, isHost, pairs) => {
          const subject = { scope: isHost ? 'host' : 'pair', hostName: host, deviceName: isHost ? null : device } as const;
          const evidence = Array.from({ length: 20 }, () => ({ signal: 's', value: 'yes', reading }));
          const { title, body } = writeTicket(
            story({
              subject,
              pairs,
              finding: finding(HOUR, { cause, evidence }),
              tried: Array.from({ length: 40 }, () => run({ by: device })),
            }),
          );
          expect(title.length).toBeLessThanOrEqual(TITLE_MAX);
          expect(body.length).toBeLessThanOrEqual(BODY_MAX);
          expect(title + body.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
          expect(isStorableText(title) && isStorableText(body)).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });
  it('leaves the computer’s name readable beside a long phone’s name', () => {
    const subject = { ...PAIR, deviceName: 'x'.repeat(300) };
    expect(writeTicket(story({ subject })).title).toMatch(/… on lnx-0231$/);
  });
});

describe('what came of a fix', () => {
  it.each([
    [run({ verdict: 'cured' }), 'it helped: fresh readings proved the cause gone'],
    [run({ verdict: 'waiting', waitingFor: 'holder' }), 'it waits for the holder of the phone'],
    [run({ mechanics: 'not-acted' }), 'it did not help: the cause was still there (the awaited person did not act in time)'],
    [run({ mechanics: 'refused', verdict: 'cured' }), 'it helped: fresh readings proved the cause gone'],
    [run({ state: 'expired', verdict: null, mechanics: null }), 'it was never carried out: the computer did not take the order in time'],
    [run({ state: 'refused', verdict: null, mechanics: null }), 'it was never carried out: the agent refused the order'],
  ])('%j', (r, words) => expect(resultOf(r)).toBe(words));
});

describe('a ticket in one sentence', () => {
  const base = {
    deviceName: 'Jun’s iPhone',
    hostName: 'lnx-0231',
    cause: 'C44',
    state: 'open',
    gone: false,
    reopened: 0,
    closedBy: null,
  } as const;
  it.each([
    [base, 'Jun’s iPhone on lnx-0231: open {since}. The phone does not accept the pair record that this computer holds. Have the holder'],
    [{ ...base, reopened: 2 }, 'It came back 2 times.'],
    [{ ...base, gone: true }, 'proven gone {since}. The ticket closes by itself if it stays so.'],
    [{ ...base, state: 'closed' as const }, 'closed {since}. The cause was proven gone and stayed gone.'],
    [
      { ...base, state: 'closed' as const, closedBy: { name: 'Tess', reason: 'the phone was replaced' } },
      'closed by Tess {since}. the phone was replaced.',
    ],
    [{ ...base, deviceName: null }, 'lnx-0231: open {since}.'],
  ])('%j', (p, words) => expect(ticketSentence(p)).toContain(words));
});
