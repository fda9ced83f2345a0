import { describe, expect, it } from '@jest/globals';
import type { CurrentFact, FactKind, FactSet, Reading, Tri } from '../health/index.js';
import { FIXES } from './catalogue/index.js';
import { type ConditionFacts, conditionHolds, conditionKinds, conditionLacks } from './conditions.js';
import { CONDITIONS, type Condition } from './shapes.js';

const NOW = Date.parse('2026-11-24T09:00:00Z');
const base = { at: NOW, seenAt: NOW, probe: 'test' };
const seen = <K extends FactKind>(kind: K, reading: Reading<K>): FactSet =>
  ({ [kind]: { ...base, kind, state: 'seen', reading } as CurrentFact }) as FactSet;
const absent = (kind: FactKind): FactSet => ({ [kind]: { ...base, kind, state: 'absent' } }) as FactSet;
const failed = (kind: FactKind): FactSet => ({ [kind]: { ...base, kind, state: 'failed', reason: 'timeout' } }) as FactSet;

const device = (mode: Reading<'usb-device'>['mode']): Reading<'usb-device'> => ({
  mode,
  vendorId: 0x05ac,
  productId: 0x12a8,
  speedMbps: 480,
  location: '1-1',
  hubDepth: 0,
  address: 5,
  muxInterface: true,
  modelHint: null,
});
const onBus = (mode: Reading<'usb-device'>['mode']) => seen('usb-device', device(mode));
const bus = (...modes: Reading<'usb-device'>['mode'][]) =>
  seen('usb-bus', { devices: modes.map((m) => ({ ...device(m), udid: null, ecid: null })) });
const updater = (programs: Reading<'updater-activity'>['programs'], logAgeS: number | null = null) =>
  seen('updater-activity', { programs, logAgeS, lastError: null, lastErrorAt: null });
const up = seen('lockdown', { type: 'com.apple.mobile.lockdown', latencyMs: 1 });
const restored = seen('lockdown', { type: 'com.apple.mobile.restored', latencyMs: 1 });
const backing = seen('backup-activity', { stalledS: null, waitsForPasscode: null, lastError: null });
const still = absent('backup-activity');
const session = (outcome: Reading<'trust-session'>['outcome'], error: string | null = null) =>
  seen('trust-session', { outcome, error, code: null });
const record = (endsAt: string | null) => seen('pair-record', { keys: [], bytes: 9_000, sameBuid: true, complete: true, endsAt });
const clock = (skewS: number) => seen('clock', { skewS, against: 'time-server' });
const route = (via: Reading<'own-route'>['via'], phoneRoute?: boolean | null) =>
  seen('own-route', { interface: 'x0', via, tunnels: [], tunnelTakesLocal: null, ...(phoneRoute === undefined ? {} : { phoneRoute }) });
const daemon = (state: Reading<'mux-daemon'>['state']) =>
  seen('mux-daemon', { state, pid: 1, restarts: null, socket: 'answering', latencyMs: 1 });
const people = (console: Reading<'user-session'>['console']) => seen('user-session', { console, sessions: 1 });
const drivers = (driver: Reading<'apple-software'>['driver'], whole: boolean) => seen('apple-software', { items: [], driver, whole });

const facts = (host: FactSet, phone: FactSet | null = null, ...others: FactSet[]): ConditionFacts => ({
  host,
  phone,
  phones: [...(phone === null ? [] : [phone]), ...others],
  now: NOW,
});
const calm = { ...updater([]), ...bus('normal') };
const quietPhone = { ...up, ...still };

/** Condition, what it is about, the facts, whether it holds, and the word of a run that is refused. */
const TABLE: [Condition, string, ConditionFacts, Tri, string | null][] = [
  ['quiet', 'nothing runs', facts(calm, quietPhone), 'yes', null],
  ['quiet', 'no phone at all', facts({ ...updater([]), ...bus() }), 'yes', null],
  ['quiet', 'a phone that does not answer, and nothing runs', facts(calm, { ...failed('lockdown'), ...still }), 'yes', null],
  ['quiet', 'macOS watches for updates only', facts({ ...calm, ...updater(['mobile-device-updater']) }, quietPhone), 'yes', null],
  ['quiet', 'a restore that ended an hour ago', facts({ ...calm, ...updater([], 3_600) }, quietPhone), 'yes', null],
  ['quiet', 'another phone backs up', facts(calm, quietPhone, { ...up, ...backing }), 'no', 'busy'],
  ['quiet', 'cfgutil works', facts({ ...calm, ...updater(['cfgutil']) }, quietPhone), 'no', 'busy'],
  ['quiet', 'a restore’s log is written to', facts({ ...calm, ...updater([], 60) }, quietPhone), 'no', 'busy'],
  ['quiet', 'a phone in restore mode on the bus', facts({ ...calm, ...bus('restore') }, quietPhone), 'no', 'restore-in-progress'],
  ['quiet', 'another phone calls itself restored', facts(calm, quietPhone, { ...restored, ...still }), 'no', 'restore-in-progress'],
  ['quiet', 'busy beats unread', facts({ ...failed('updater-activity'), ...bus() }, { ...up, ...backing }), 'no', 'busy'],
  [
    'quiet',
    'programs cannot be listed',
    facts({ ...failed('updater-activity'), ...bus('normal') }, quietPhone),
    'unknown',
    'not-quiet-known',
  ],
  ['quiet', 'the bus cannot be read', facts({ ...updater([]), ...failed('usb-bus') }, quietPhone), 'unknown', 'not-quiet-known'],
  ['quiet', 'nobody asked for backups of another phone', facts(calm, quietPhone, up), 'unknown', 'not-quiet-known'],
  ['quiet', 'nothing was read', facts({}), 'unknown', 'not-quiet-known'],

  ['not-restoring', 'up, and nothing runs', facts(calm, up), 'yes', null],
  ['not-restoring', 'another phone is restored, by nobody here', facts(calm, up, restored), 'yes', null],
  ['not-restoring', 'it calls itself restored', facts(calm, restored), 'no', 'restore-in-progress'],
  ['not-restoring', 'it is in restore mode', facts(calm, onBus('restore')), 'no', 'restore-in-progress'],
  ['not-restoring', 'in recovery while a program works', facts({ ...calm, ...updater(['finder']) }, onBus('recovery')), 'no', 'busy'],
  ['not-restoring', 'programs cannot be listed', facts(failed('updater-activity'), up), 'unknown', 'not-quiet-known'],

  ['on-bus', 'booted', facts({}, onBus('normal')), 'yes', null],
  ['on-bus', 'in recovery', facts({}, onBus('recovery')), 'no', 'not-on-usb'],
  ['on-bus', 'gone', facts({}, absent('usb-device')), 'no', 'not-on-usb'],
  ['on-bus', 'unread', facts({}, failed('usb-device')), 'unknown', 'bus-unreadable'],

  ['any-on-bus', 'a phone in recovery', facts(bus('recovery')), 'yes', null],
  ['any-on-bus', 'the Mac’s own Apple devices', facts(bus('other')), 'no', 'no-phone'],
  ['any-on-bus', 'nothing', facts(bus()), 'no', 'no-phone'],
  ['any-on-bus', 'unread', facts(failed('usb-bus')), 'unknown', 'bus-unreadable'],

  ['in-recovery', 'recovery', facts({}, onBus('recovery')), 'yes', null],
  ['in-recovery', 'DFU', facts({}, onBus('dfu')), 'no', 'not-in-recovery'],
  ['in-recovery', 'unread', facts({}), 'unknown', 'bus-unreadable'],
  ['in-recovery-or-dfu', 'DFU', facts({}, onBus('dfu')), 'yes', null],
  ['in-recovery-or-dfu', 'booted', facts({}, onBus('normal')), 'no', 'not-in-recovery'],
  ['in-recovery-or-dfu', 'unread', facts({}, failed('usb-device')), 'unknown', 'bus-unreadable'],

  ['session', 'accepted', facts({}, session('accepted')), 'yes', null],
  ['session', 'refused', facts({}, session('refused', 'PasswordProtected')), 'no', 'no-session'],
  ['session', 'no record', facts({}, absent('trust-session')), 'no', 'no-session'],
  ['session', 'not tried', facts({}, failed('trust-session')), 'unknown', 'session-not-tried'],

  ['record-refused', 'the phone does not know it', facts({}, session('refused', 'InvalidHostID')), 'yes', null],
  ['record-refused', 'it is malformed to the phone', facts({}, session('refused', 'InvalidPairRecord')), 'yes', null],
  ['record-refused', 'no handshake, dates inside', facts({}, { ...session('tls-failed'), ...record('2030-01-01T00:00:00Z') }), 'yes', null],
  [
    'record-refused',
    'no handshake, ended, the clock is right',
    facts(clock(2), { ...session('tls-failed'), ...record('2020-01-01T00:00:00Z') }),
    'yes',
    null,
  ],
  [
    'record-refused',
    'no handshake, the clock is years off',
    facts(clock(-300_000_000), { ...session('tls-failed'), ...record('2030-01-01T00:00:00Z') }),
    'no',
    'clock-wrong',
  ],
  [
    'record-refused',
    'no handshake, ended, nobody knows the time',
    facts({}, { ...session('tls-failed'), ...record('2020-01-01T00:00:00Z') }),
    'unknown',
    'refusal-not-shown',
  ],
  ['record-refused', 'it works', facts({}, session('accepted')), 'no', 'session-works'],
  ['record-refused', 'there is none', facts({}, absent('trust-session')), 'no', 'no-record'],
  ['record-refused', 'an impostor', facts({}, session('impostor')), 'no', 'impostor'],
  ['record-refused', 'locked', facts({}, session('refused', 'PasswordProtected')), 'no', 'PasswordProtected'],
  ['record-refused', 'not tried', facts({}, failed('trust-session')), 'unknown', 'refusal-not-shown'],

  ['not-disabled', 'stopped', facts(daemon('stopped')), 'yes', null],
  ['not-disabled', 'not installed', facts(absent('mux-daemon')), 'yes', null],
  ['not-disabled', 'disabled', facts(daemon('disabled')), 'no', 'disabled-by-admin'],
  ['not-disabled', 'no service manager', facts(daemon(null)), 'unknown', 'no-service-manager'],
  ['not-disabled', 'unread', facts(failed('mux-daemon')), 'unknown', 'mux-unreadable'],

  ['person-in-front', 'active', facts(people('active')), 'yes', null],
  ['person-in-front', 'locked', facts(people('locked')), 'yes', null],
  ['person-in-front', 'nobody', facts(people('none')), 'no', 'nobody-in-front'],
  ['person-in-front', 'unread', facts(failed('user-session')), 'unknown', 'session-unreadable'],

  ['own-route-elsewhere', 'a wire, a phone beside it', facts(route('wired', true)), 'yes', null],
  ['own-route-elsewhere', 'Wi-Fi', facts(route('wifi')), 'yes', null],
  ['own-route-elsewhere', 'a tunnel, no phone about', facts(route('tunnel', false)), 'yes', null],
  ['own-route-elsewhere', 'a phone', facts(route('phone')), 'no', 'route-is-this-phone'],
  ['own-route-elsewhere', 'a tunnel, a phone has a route', facts(route('tunnel', true)), 'no', 'route-is-this-phone'],
  ['own-route-elsewhere', 'a tunnel over nobody knows what', facts(route('tunnel')), 'unknown', 'route-unknown'],
  ['own-route-elsewhere', 'unread', facts(failed('own-route')), 'unknown', 'route-unknown'],

  ['apple-driver-in-store', 'one', facts(drivers({ inf: 'appleusb.inf', version: null }, true)), 'yes', null],
  ['apple-driver-in-store', 'none', facts(drivers(null, true)), 'no', 'no-apple-driver'],
  ['apple-driver-in-store', 'none seen, not all readable', facts(drivers(null, false)), 'unknown', 'driver-store-unreadable'],

  ['mains-power', 'plugged in', facts(seen('power-source', { mains: true })), 'yes', null],
  ['mains-power', 'on battery', facts(seen('power-source', { mains: false })), 'no', 'on-battery'],
  ['mains-power', 'unread', facts(failed('power-source')), 'unknown', 'power-unknown'],
];

describe('conditions', () => {
  it.each(TABLE)('%s: %s', (condition, _name, given, holds, word) => {
    expect(conditionHolds(condition, given)).toBe(holds);
    expect(conditionLacks([condition], given)).toEqual(word === null ? null : { condition, word });
  });

  it.each(CONDITIONS)('%s is in the table with yes, no and unknown', (condition) => {
    expect(new Set(TABLE.filter(([c]) => c === condition).map(([, , , holds]) => holds))).toEqual(new Set(['yes', 'no', 'unknown']));
  });

  it.each(CONDITIONS)('%s is never shown by nothing, and names what has to be read', (condition) => {
    expect(conditionHolds(condition, facts({}, {}))).toBe('unknown');
    expect(conditionKinds([condition]).length).toBeGreaterThan(0);
  });

  it('the first that is not met gives the word', () => {
    const given = facts({ ...calm, ...route('phone') }, { ...up, ...backing, ...onBus('normal') });
    expect(conditionLacks(FIXES.F05.requires, given)?.word).toBe('busy');
    expect(conditionLacks(['on-bus', 'own-route-elsewhere'], given)?.word).toBe('route-is-this-phone');
  });
});
