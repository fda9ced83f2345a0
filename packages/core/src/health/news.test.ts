import { describe, expect, it } from '@jest/globals';
import { type CurrentFact, type FactKind, isNews, type Reading } from './index.js';

const base = { at: 1_000, seenAt: 2_000, probe: 'p' };
const seen = <K extends FactKind>(kind: K, reading: Reading<K>) => ({ ...base, kind, state: 'seen', reading }) as CurrentFact;
const absent = (kind: FactKind): CurrentFact => ({ ...base, kind, state: 'absent' });
const failed = (kind: FactKind, reason: 'timeout' | 'denied'): CurrentFact => ({ ...base, kind, state: 'failed', reason });

const lockdown = (latencyMs: number, type = 'com.apple.mobile.lockdown') => seen('lockdown', { type, latencyMs });
const churn = (change: Partial<Reading<'usb-churn'>> = {}) =>
  seen('usb-churn', {
    windowS: 120,
    attaches: 2,
    detaches: 1,
    shortestS: 40,
    places: 1,
    afterIdle: 0,
    withSiblings: 0,
    ...change,
  });
const storage = (freeBytes: number) => seen('device-storage', { freeBytes, totalBytes: 128e9 });
const hostStorage = (freeBytes: number) => seen('host-storage', { freeBytes, totalBytes: 512e9 });
const failures = (places: Reading<'usb-failures'>['places'], enumeration = 8) =>
  seen('usb-failures', { windowS: 600, enumeration, overCurrent: 0, controllerDied: 0, surpriseRemovals: 0, places });
const usb = (change: Record<string, unknown> = {}) =>
  seen('usb-device', {
    mode: 'normal',
    vendorId: 1452,
    productId: 4776,
    speedMbps: 480,
    location: '1-2',
    hubDepth: 0,
    address: 7,
    muxInterface: true,
    modelHint: null,
    ...change,
  });

describe('news', () => {
  const rows: [what: string, before: CurrentFact, after: CurrentFact, isSo: boolean][] = [
    ['another state', lockdown(1), absent('lockdown'), true],
    ['another reason', failed('lockdown', 'timeout'), failed('lockdown', 'denied'), true],
    ['the same reason', failed('lockdown', 'timeout'), failed('lockdown', 'timeout'), false],
    ['absent twice', absent('lockdown'), { ...absent('lockdown'), at: 9_000, seenAt: 9_000, probe: 'other' }, false],
    ['another latency', lockdown(1), lockdown(900), false],
    ['another latency and another answer', lockdown(1), lockdown(900, 'com.apple.mobile.restored'), true],
    ['a second flap more, where rules count', churn({ attaches: 2 }), churn({ attaches: 3 }), true],
    ['the ninth flap after the eighth', churn({ attaches: 8 }), churn({ attaches: 9 }), false],
    ['twice as many flaps', churn({ attaches: 8 }), churn({ attaches: 16 }), true],
    ['a gap that falls under 20 s', churn({ shortestS: 21 }), churn({ shortestS: 19 }), true],
    ['no gap any more', churn({ shortestS: 21 }), churn({ shortestS: null }), true],
    ['the computer’s free bytes across 10 GB, where a rule looks', hostStorage(10.01e9), hostStorage(9.99e9), true],
    ['some free bytes less', storage(60e9), storage(59e9), false],
    ['a fifth less', storage(60e9), storage(48e9), true],
    ['less than 1 GB, where a rule looks', storage(1.01e9), storage(0.99e9), true],
    ['more failures at one place', failures([{ location: '1-2', failures: 8 }]), failures([{ location: '1-2', failures: 9 }], 9), false],
    ['failures at another place', failures([{ location: '1-2', failures: 8 }]), failures([{ location: '1-3', failures: 8 }]), true],
    ['a field that is left out where it was null', usb({ powerMa: null }), usb(), false],
    ['a field that is told now', usb(), usb({ powerMa: 500 }), true],
    ['another address on the bus: it was plugged', usb(), usb({ address: 8 }), true],
    ['the same answer to a second question', asked(1_000), asked(2_000), true],
    ['the same answer', asked(1_000), asked(1_000), false],
    ['a clock that moved within what is right', clockOff(2), clockOff(-20), false],
    ['a clock that went wrong', clockOff(299), clockOff(301), true],
    ['a clock wrong the other way', clockOff(400), clockOff(-400), true],
  ];
  it.each(rows)('%s', (_, before, after, isSo) => {
    expect(isNews(before, after)).toBe(isSo);
    expect(isNews(after, before)).toBe(isSo);
  });
});

function asked(at: number): CurrentFact {
  return { ...seen('pairing-attempt', { outcome: 'pending', error: 'PairingDialogResponsePending', code: -19 }), at };
}

function clockOff(skewS: number): CurrentFact {
  return seen('clock', { skewS, against: 'time-server' });
}
