import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Command, KEYS, type Pending, press, SEQUENCE_MS } from './keyboard.js';

const type = (keys: readonly string[], gap = 100, over: { chord?: boolean; typing?: boolean } = {}): (Command | null)[] => {
  let pending: Pending | null = null;
  return keys.map((key, i) => {
    const r = press(pending, { key, chord: over.chord ?? false, typing: over.typing ?? false, at: i * gap });
    pending = r.pending;
    return r.command;
  });
};

describe('the keyboard', () => {
  it.each(KEYS.map((k) => [k.keys.join(' '), k] as const))('%s gives its command', (_, k) => {
    expect(type(k.keys).at(-1)).toBe(k.command);
  });

  it('has no sequence that begins with another', () => {
    for (const a of KEYS) for (const b of KEYS) if (a !== b) expect(b.keys.join(' ').startsWith(`${a.keys.join(' ')} `)).toBe(false);
    expect(new Set(KEYS.map((k) => k.keys.join(' '))).size).toBe(KEYS.length);
  });

  it('forgets the first key of a sequence after a while', () => {
    expect(type(['g', 'f'], SEQUENCE_MS)).toEqual([null, 'go-fleet']);
    expect(type(['g', 'f'], SEQUENCE_MS + 1)).toEqual([null, null]);
  });

  it('takes a key that breaks a sequence for itself', () => {
    expect(type(['g', 'j'])).toEqual([null, 'next']);
    expect(type(['g', 'g', 'f'])).toEqual([null, null, 'go-fleet']);
  });

  it('leaves text and the browser’s own shortcuts alone', () => {
    for (const k of KEYS) {
      expect(type(k.keys, 100, { chord: true }).every((c) => c === null)).toBe(true);
      if (k.command !== 'leave') expect(type(k.keys, 100, { typing: true }).every((c) => c === null)).toBe(true);
    }
    expect(type(['Escape'], 100, { typing: true })).toEqual(['leave']);
  });

  it('never keeps more than it can use, whatever is typed', () => {
    const longest = Math.max(...KEYS.map((k) => k.keys.length));
    fc.assert(
      fc.property(fc.array(fc.record({ key: fc.constantFrom('g', 'f', 'j', '/', 'x', 'Shift', '.'), at: fc.nat(5000) })), (presses) => {
        let pending: Pending | null = null;
        for (const p of presses) {
          pending = press(pending, { ...p, chord: false, typing: false }).pending;
          expect(pending === null || pending.keys.length < longest).toBe(true);
        }
      }),
    );
  });
});
