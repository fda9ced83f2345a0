import { describe, expect, it } from '@jest/globals';
import { FAIL_REASONS, isStorableText, printable } from '@lockstep/core/health';
import fc from 'fast-check';
import type { DeviceFailure } from './errors.js';
import { DeviceError, failReasonOf, libimobiledeviceCode, lockdownError, toDeviceError } from './errors.js';
import { CLIENT_ERRORS, isLockdownWord, isSupervisionWord, LOCKDOWN_ERRORS, lockdownCode, UNNUMBERED_ERRORS } from './lockdown-errors.js';

const system = (code: string) => Object.assign(new Error(code), { code });

describe('lockdown error words', () => {
  it('have the numbers -10 to -39, each once', () => {
    expect(Object.values(LOCKDOWN_ERRORS).map((row) => row.code)).toEqual(Array.from({ length: 30 }, (_, i) => -10 - i));
  });

  it('have no twin twice', () => {
    const twins = [...Object.values(LOCKDOWN_ERRORS), ...Object.values(CLIENT_ERRORS), ...Object.values(UNNUMBERED_ERRORS)]
      .map((row) => row.twin)
      .filter((twin) => twin !== null);
    expect(new Set(twins).size).toBe(twins.length);
  });

  it('of supervision are told apart, numbered or not', () => {
    for (const word of ['MCProtected', 'MCChallengeRequired', 'ProhibitedBySupervision']) expect(isSupervisionWord(word)).toBe(true);
    for (const word of ['FMiPProtected', 'ServiceProhibited', 'toString']) expect(isSupervisionWord(word)).toBe(false);
    expect(UNNUMBERED_ERRORS.ProhibitedBySupervision.twin).toBe(0xe8000083);
    expect(lockdownError('Pair', 'ProhibitedBySupervision').message).toBe('Pair: ProhibitedBySupervision (0xe8000083)');
  });

  it('are passed on when they are not listed', () => {
    const error = lockdownError('GetValue', 'BrandNewError');
    expect(error.failure).toEqual({ kind: 'lockdown', word: 'BrandNewError', code: null });
    expect(error.message).toBe('GetValue: unknown: BrandNewError');
    expect(lockdownError('Pair', 'UserDeniedPairing').message).toBe('Pair: UserDeniedPairing (-18)');
    for (const name of ['toString', '__proto__', 'constructor']) {
      expect(isLockdownWord(name)).toBe(false);
      expect(lockdownCode(name)).toBeNull();
    }
  });

  it('are storable, printable and at most 64 long, whatever the phone says', () => {
    const anyText = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 }).map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(fc.oneof(anyText, fc.constant('\u{1f600}'.repeat(100))), (raw) => {
        const { failure } = lockdownError('GetValue', raw);
        if (failure.kind !== 'lockdown') throw new Error('unreachable');
        expect(failure.word.length).toBeLessThanOrEqual(64);
        expect(isStorableText(failure.word)).toBe(true);
        expect(printable(failure.word)).toBe(failure.word);
      }),
    );
  });
});

describe('failures', () => {
  it.each<[string, DeviceFailure]>([
    ['ECONNREFUSED', { kind: 'refused', code: 'ECONNREFUSED' }],
    ['ENOENT', { kind: 'unreachable', code: 'ENOENT' }],
    ['EACCES', { kind: 'denied', code: 'EACCES' }],
    ['ECONNRESET', { kind: 'closed' }],
    ['EPIPE', { kind: 'closed' }],
    ['ETIMEDOUT', { kind: 'timeout' }],
    ['EMFILE', { kind: 'io', code: 'EMFILE' }],
  ])('of the system: %s', (code, failure) => {
    expect(toDeviceError('open', system(code))).toMatchObject({ step: 'open', failure });
  });

  it('of other kinds', () => {
    const known = new DeviceError('TLS', { kind: 'impostor' });
    expect(toDeviceError('other', known)).toBe(known);
    expect(toDeviceError('open', new DOMException('stop', 'AbortError')).kind).toBe('aborted');
    expect(toDeviceError('open', 'thrown text').failure).toEqual({ kind: 'io', code: null });
  });

  it.each<[DeviceFailure, (typeof FAIL_REASONS)[number], number | null]>([
    [{ kind: 'timeout' }, 'timeout', -7],
    [{ kind: 'closed' }, 'closed', -8],
    [{ kind: 'garbage' }, 'garbage', -3],
    [{ kind: 'aborted' }, 'aborted', null],
    [{ kind: 'impostor' }, 'denied', null],
    [{ kind: 'unreachable', code: 'ENOENT' }, 'unreachable', -8],
    [{ kind: 'refused', code: null }, 'refused', -8],
    [{ kind: 'denied', code: 'EACCES' }, 'denied', null],
    [{ kind: 'tls', code: null }, 'io', -5],
    [{ kind: 'io', code: 'EMFILE' }, 'io', -8],
    [{ kind: 'too-large', bytes: 2, limit: 1 }, 'too-large', -3],
    [{ kind: 'mux', result: 2 }, 'unreachable', -8],
    [{ kind: 'mux', result: 3 }, 'refused', -8],
    [{ kind: 'mux', result: 6 }, 'unsupported', -8],
    [{ kind: 'lockdown', word: 'GetProhibited', code: -13 }, 'prohibited', -13],
    [{ kind: 'lockdown', word: 'PasswordProtected', code: -17 }, 'prohibited', -17],
    [{ kind: 'lockdown', word: 'SessionInactive', code: -23 }, 'no-session', -23],
    [{ kind: 'lockdown', word: 'InvalidService', code: -27 }, 'unsupported', -27],
    [{ kind: 'lockdown', word: 'UnknownRequest', code: null }, 'unsupported', null],
    [{ kind: 'lockdown', word: 'MCProtected', code: -38 }, 'prohibited', -38],
    [{ kind: 'lockdown', word: 'ProhibitedBySupervision', code: 0xe8000083 }, 'prohibited', null],
    [{ kind: 'lockdown', word: 'InvalidHostID', code: -21 }, 'refused', -21],
    [{ kind: 'lockdown', word: 'New', code: null }, 'refused', null],
  ])('%j become the reason %s', (failure, reason, code) => {
    const error = new DeviceError('step', failure);
    expect(FAIL_REASONS).toContain(reason);
    expect(failReasonOf(error)).toBe(reason);
    expect(libimobiledeviceCode(error)).toBe(code);
  });

  it('that are no DeviceError are faults of the asker', () => {
    expect(failReasonOf(new TypeError('x'))).toBe('crashed');
    expect(failReasonOf(new DOMException('stop', 'AbortError'))).toBe('aborted');
  });
});
