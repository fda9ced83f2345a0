import { describe, expect, it } from '@jest/globals';
import type { CurrentFact, FactKind, FactSet, Reading } from '../health/index.js';
import { FIX_IDS, FIXES } from './catalogue/index.js';
import { comparedKinds, newestLook, stepsShown, verifiedSince } from './guided.js';
import { isGuidedOn, mayGuide } from './may-guide.js';
import { GUIDED_FIX_IDS } from './shapes.js';
import { STEPS, type StepId, stepCompares, stepDone, stepHasProof } from './steps.js';

const T0 = 1_800_000_000_000;
const seen = <K extends FactKind>(kind: K, reading: Partial<Reading<K>>, seenAt: number): FactSet =>
  ({ [kind]: { kind, at: seenAt, seenAt, probe: 'test', state: 'seen', reading } as unknown as CurrentFact }) as FactSet;
const absent = (kind: FactKind, seenAt: number): FactSet =>
  ({ [kind]: { kind, at: seenAt, seenAt, probe: 'test', state: 'absent' } }) as FactSet;
const bus = (at: number, location = '1-2') => seen('usb-device', { mode: 'normal', hubDepth: 0, location }, at);
const answering = (at: number) => seen('lockdown', { type: 'com.apple.mobile.lockdown' }, at);

describe('steps of guided runs', () => {
  it('are each in a fix once, and every guided fix has some', () => {
    for (const id of FIX_IDS) expect([id, new Set(FIXES[id].steps).size]).toEqual([id, FIXES[id].steps.length]);
    expect(GUIDED_FIX_IDS.filter((id) => FIXES[id].steps.length === 0)).toEqual([]);
  });

  it('that compare with the start say which kind has to be kept for that, and no other does', () => {
    for (const step of Object.keys(STEPS) as StepId[]) {
      const read = new Set<string>();
      // Whatever is asked for is there, so that the proof goes on to compare.
      const all = (onRead: (kind: string) => void) =>
        new Proxy(
          {},
          {
            get: (_, kind) => {
              onRead(String(kind));
              return { state: 'seen', seenAt: T0 + 1, reading: new Proxy({}, { get: () => [] }) };
            },
          },
        ) as FactSet;
      stepDone(step, { now: all(() => undefined), atStart: all((kind) => read.add(kind)), startedAt: T0 });
      expect([step, [...read]]).toEqual([step, stepCompares(step) === null ? [] : [stepCompares(step)]]);
    }
    expect(comparedKinds('F03')).toEqual(['usb-device']);
    expect(comparedKinds('F10')).toEqual([]);
  });

  it('tick themselves off one after another, by looks that are later than the step before', () => {
    const shown = (facts: FactSet, done: { step: StepId; lookedAt: number }[] = []) =>
      stepsShown('F01', done, { now: facts, atStart: {}, startedAt: T0 });
    // On the bus all along: nothing was unplugged, so nothing was plugged in either.
    expect(shown({ ...bus(T0 + 5), ...answering(T0 + 5) })).toEqual([]);
    expect(shown(absent('usb-device', T0 - 1))).toEqual([]);
    expect(shown({ ...absent('usb-device', T0 + 10), ...answering(T0 + 5) })).toEqual(['unplug']);
    const unplugged = { step: 'unplug' as const, lookedAt: T0 + 10 };
    // What a person has to say stands between.
    expect(shown(bus(T0 + 20), [unplugged])).toEqual([]);
    const inspected = { step: 'inspect-cable' as const, lookedAt: T0 + 15 };
    // It answered before it was unplugged: that look is too old.
    expect(shown({ ...bus(T0 + 20), ...answering(T0 + 5) }, [unplugged, inspected])).toEqual(['plug-data-cable']);
    expect(shown({ ...bus(T0 + 20), ...answering(T0 + 20) }, [unplugged, inspected])).toEqual(['plug-data-cable', 'wait-answering']);
    expect(shown(bus(T0 + 14), [unplugged, inspected])).toEqual([]);
  });

  it('know no proof where nothing was read', () => {
    expect(stepsShown('F10', [], { now: {}, atStart: {}, startedAt: T0 })).toEqual([]);
    const failed = {
      'passcode-lock': { kind: 'passcode-lock', at: T0 + 1, seenAt: T0 + 1, probe: 'test', state: 'failed', reason: 'timeout' },
    };
    expect(stepsShown('F10', [], { now: failed as FactSet, atStart: {}, startedAt: T0 })).toEqual([]);
    expect([stepHasProof('unlock'), stepHasProof('clean-socket')]).toEqual([true, false]);
  });
});

describe('what verifies a guided run', () => {
  it('has to be looked at again; what is unknown or looked at hourly is not waited for', () => {
    expect(verifiedSince('F01', { ...bus(T0 + 5), ...answering(T0 + 5) }, T0)).toBe(true);
    expect(verifiedSince('F01', { ...bus(T0 + 5), ...answering(T0 - 5) }, T0)).toBe(false);
    expect(verifiedSince('F01', bus(T0 + 5), T0)).toBe(true);
    expect(verifiedSince('F01', {}, T0)).toBe(false);
    expect([newestLook({}), newestLook({ ...bus(T0 + 5), ...answering(T0 + 9) })]).toEqual([null, T0 + 9]);
  });
});

describe('the proof that support for phones was installed', () => {
  const software = (version: string | null, at: number) =>
    seen('apple-software', { items: version === null ? [] : [{ id: 'mobile-device-framework', version, bits: 64 }] }, at);
  it.each([
    ['its version has risen', '1368.100.2', '1810.40.51', 'yes'],
    ['its version is as it was', '1368.100.2', '1368.100.2', 'no'],
    ['its version fell', '1810.40.51', '1368.100.2', 'no'],
    ['it was not read at the start', null, '1810.40.51', 'unknown'],
    ['it is not read now', '1368.100.2', null, 'unknown'],
  ] as const)('%s', (_name, was, now, done) => {
    const facts = { now: software(now, T0 + 5), atStart: software(was, T0 - 5), startedAt: T0 };
    expect(stepDone('install-device-support', facts)).toBe(done);
    // A look from before the start shows nothing about what was done since.
    expect(stepDone('install-device-support', { ...facts, now: software(now, T0 - 1) })).toBe('unknown');
    expect(stepHasProof('install-device-support')).toBe(true);
  });
});

describe('starting a guided run', () => {
  const target = { os: 'linux' as const, revoked: false, openCauses: ['C41', 'C10', 'C20', 'C52'] as const };
  it.each([
    ['F10', 'viewer', {}, 'role'],
    ['F10', 'technician', {}, 'ok'],
    ['F10', 'technician', { revoked: true }, 'revoked'],
    ['F10', 'technician', { openCauses: ['C10'] as const }, 'cause-not-open'],
    ['F11', 'technician', {}, 'ordered'],
    ['F41', 'technician', {}, 'platform'],
    ['F41', 'technician', { os: 'macos' as const }, 'ok'],
    ['F16', 'technician', {}, 'ok admin'],
    ['F16', 'admin', {}, 'ok'],
    ['F33', 'technician', { openCauses: FIXES.F33.treats }, 'ok admin'],
    ['F46', 'technician', { openCauses: ['C02'] as const }, 'ok second-person'],
    ['F46', 'admin', { openCauses: ['C02'] as const }, 'ok second-person'],
    ['F46', 'viewer', { openCauses: ['C02'] as const }, 'role'],
    ['F46', 'admin', {}, 'cause-not-open'],
    ['F01', 'technician', { busy: true }, 'busy'],
    ['F10', 'technician', { busy: true }, 'ok'],
  ] as const)('%s by a %s, %j: %s', (fix, role, change, word) => {
    const may = mayGuide(fix, { ...target, ...change }, role);
    expect(may.ok ? ['ok', may.needs].filter((w) => w !== 'none').join(' ') : may.code).toBe(word);
    // Whose yes it waits for is told before anybody asks.
    if (may.ok) expect(may.note === null).toBe(may.needs === 'none');
    if (!may.ok) expect(may.sentence).toMatch(/\.$/);
  });

  it('is for fixes that people carry out on such a computer', () => {
    expect(isGuidedOn('F10', 'windows')).toBe(true);
    expect(isGuidedOn('F08', 'linux')).toBe(false);
    expect(isGuidedOn('F41', 'linux')).toBe(false);
  });
});
