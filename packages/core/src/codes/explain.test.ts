import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explainCode, searchCodes } from './explain.js';
import { hexOf, isWide, toSigned } from './numbers.js';
import { CODE_FAMILIES } from './shapes.js';
import { CODES, codeQuery } from './table.js';

const ids = (text: string) => explainCode(text).found.map((c) => c.row.id);
const first = (text: string) => ids(text)[0] ?? null;

describe('explainCode', () => {
  it.each([
    ['-21', 'lockdown/InvalidHostID'],
    ['\u221221', 'lockdown/InvalidHostID'],
    ['(-21)', 'lockdown/InvalidHostID'],
    ['InvalidHostID', 'lockdown/InvalidHostID'],
    ['invalid hostid', 'lockdown/InvalidHostID'],
    ['LOCKDOWN_E_INVALID_HOST_ID', 'lockdown/InvalidHostID'],
    ['kAMDInvalidHostIDError', 'mobile-device/InvalidHostID'],
    ['InvalidHostID (-21)', 'lockdown/InvalidHostID'],
    ['com.apple.afc: PasswordProtected (-17)', 'lockdown/PasswordProtected'],
    ['Escrow lockded', 'lockdown/EscrowLocked'],
    ['SSL error', 'lockdown/tls'],
    ['Mux error', 'lockdown/mux'],
    ['-256', 'lockdown/unknown'],
    ['0', 'lockdown/success'],
    ['0xE800001C', 'mobile-device/InvalidHostID'],
    ['0xe800001c', 'mobile-device/InvalidHostID'],
    ['E800001C', 'mobile-device/InvalidHostID'],
    ['E80000A', 'mobile-device/permission'],
    ['0xE80000A', 'mobile-device/permission'],
    ['0xE800065', 'mobile-device/mux'],
    ['0xFFFFFFFFE800001C', 'mobile-device/InvalidHostID'],
    ['-402653156', 'mobile-device/InvalidHostID'],
    ['3892314140', 'mobile-device/InvalidHostID'],
    ['-402653163', 'mobile-device/MissingValue'],
    ['0xE8000011', 'mobile-device/busy'],
    ['0xE800002D', 'mobile-device/send-message'],
    ['0xE800002E', 'mobile-device/receive-message'],
    ['0xE800006B', 'mobile-device/device-gone'],
    ['0xE800007E', 'mobile-device/ios-too-old'],
    ['0xE80000EE', 'mobile-device/password-required'],
    ['ProhibitedBySupervision', 'mobile-device/supervision'],
    ['0xE8008015', 'mobile-device/app-signing'],
    ['4013', 'restore/phone-lost'],
    ['(4013)', 'restore/phone-lost'],
    ['error 9', 'restore/phone-lost'],
    ['9', 'restore/phone-lost'],
    ['14', 'restore/bad-firmware-file'],
    ['3194', 'restore/signing-server'],
    ['3555', 'restore/signing-server'],
    ['1015', 'restore/redirected'],
    ['1013', 'restore/redirected'],
    ['1002', 'restore/baseband'],
    ['2005', 'restore/usb-transfer'],
    ['error 17', 'restore/network'],
    ['28', 'windows-pnp/no-driver'],
    ['10', 'windows-pnp/cannot-start'],
    ['43', 'windows-pnp/device-failed'],
    ['Code 43', 'windows-pnp/device-failed'],
    ['code 14', 'windows-pnp/needs-restart'],
    ['(Code 10)', 'windows-pnp/cannot-start'],
    ['CM_PROB_FAILED_POST_START', 'windows-pnp/device-failed'],
    ['Problem Code: 43 (0x2B) [CM_PROB_FAILED_POST_START]', 'windows-pnp/device-failed'],
    ['0xe0000248', 'windows-pnp/install-blocked'],
    ['0x8007001E', 'windows-pnp/photos-locked'],
    ['0x8A15002B', 'installer/up-to-date'],
    ['-1978335189', 'installer/up-to-date'],
    ['3010', 'installer/restart-needed'],
    ['1603', 'installer/failed'],
    ['0x80070643', 'installer/failed'],
    ['105', 'backup/host-disk'],
    ['ErrorCode 208', 'backup/locked'],
    ['MBErrorDomain/207', 'backup/wrong-password'],
    ['Backup Failed (Error Code 104).', 'backup/not-uploaded'],
    ['cfgutil exit 1', 'cfgutil/one'],
    ['cfgutil: Code 625', 'cfgutil/needs-the-holder'],
    ['usbmux result 3', 'usbmux/refused'],
  ])('%s', (text, id) => {
    expect(first(text)).toBe(id);
  });

  it.each([
    ['The iPhone “Jun’s iPhone 14” could not be restored. An unknown error occurred (4013).', 'restore/phone-lost'],
    ['iPhone 15 Pro could not be updated. An unknown error occurred (9).', 'restore/phone-lost'],
    ['ERROR: Could not connect to lockdownd: Invalid HostID (-21)', 'lockdown/InvalidHostID'],
    ['ERROR: Could not connect to lockdownd, error code -19', 'lockdown/PairingDialogResponsePending'],
    ['iTunes could not connect to the iPhone because an invalid response was received. (0xE80000A)', 'mobile-device/permission'],
    ['iTunes could not connect to this iPhone. An unknown error occurred (0xE8000065).', 'mobile-device/mux'],
    ['Windows has stopped this device because it has reported problems. (Code 43)', 'windows-pnp/device-failed'],
    ['Unknown USB Device (Device Descriptor Request Failed)', 'windows-pnp/device-failed'],
    ['Es ist ein unbekannter Fehler aufgetreten (4013).', 'restore/phone-lost'],
    ['The drivers for this device are not installed. (Code 28)', 'windows-pnp/no-driver'],
    ['ErrorCode 105: Insufficient free disk space on drive to back up (MBErrorDomain/105).', 'backup/host-disk'],
    ['{"Type":"Error","Message":"…","Domain":"com.apple.configurator","Code":-402653163}', 'mobile-device/MissingValue'],
    ['msiexec returned 1618', 'installer/busy'],
    ['winget: exit code 0x8a150014', 'installer/no-package'],
    ['lockdown error 17', 'lockdown/PasswordProtected'],
  ])('the sentence %s', (text, id) => {
    expect(first(text)).toBe(id);
  });

  it('gives every meaning of a bare number, likeliest first, each with its family', () => {
    expect(ids('9')).toEqual(['restore/phone-lost', 'windows-pnp/driver-corrupt']);
    expect(ids('14')).toEqual(['restore/bad-firmware-file', 'windows-pnp/needs-restart']);
    expect(ids('28')).toEqual(['windows-pnp/no-driver', 'restore/hardware']);
    expect(ids('1')).toEqual(['restore/parts-disagree', 'windows-pnp/not-configured', 'cfgutil/one', 'usbmux/bad-command']);
    expect(ids('1604')).toEqual(['restore/wrong-mode']);
    expect(ids('-36')).toEqual(['lockdown/PairingProhibitedOverThisConnection', 'backup/link-lost']);
    expect(ids('-1')).toEqual(['lockdown/argument', 'restore/parts-disagree']);
  });
  it('a model’s number is no code once another is marked as one', () => {
    expect(ids('iPhone 14: unknown error (4013)')).toEqual(['restore/phone-lost']);
    expect(ids('iOS 26.1 on iPhone12,8')).toEqual([]);
  });
  it('a name gives both numberings in one row', () => {
    const { found } = explainCode('UserDeniedPairing');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ match: 'name', number: null, row: { twin: 0xe8000095 } });
  });
  it('says how it was found', () => {
    expect(explainCode('-402653156').found[0]).toMatchObject({ match: 'number', number: 0xe800001c, said: '-402653156' });
    expect(explainCode('2005').found[0]).toMatchObject({ match: 'range' });
    expect(explainCode('0x80070642').found[0]).toMatchObject({ match: 'wrapped', number: 1602 });
    expect(explainCode('39').found.at(-1)).toMatchObject({ row: { family: 'windows-pnp' } });
    expect(explainCode('lockdown: 18').found[0]).toMatchObject({ match: 'sign-dropped', number: -18 });
  });
  it.each([
    ['-40', 'lockdown/MCChallengeRequired'],
    ['4015', 'restore/phone-lost'],
    ['InvalidHostname', 'lockdown/InvalidHostID'],
    ['PasswordProtection', 'lockdown/PasswordProtected'],
    ['0xE80000EF', 'mobile-device/password-required'],
  ])('%s is not in the table, and what is near is told', (text, near) => {
    const { found, nearest } = explainCode(text);
    expect(found).toEqual([]);
    expect(nearest.map((r) => r.id)).toContain(near);
    expect(nearest.length).toBeLessThanOrEqual(4);
  });
  it('tells nothing as near that is far', () => {
    expect(explainCode('7777').nearest).toEqual([]);
    expect(explainCode('0x80004005').nearest).toEqual([]);
    expect(explainCode('4015').nearest.map((r) => r.family)).toEqual(['restore', 'restore']);
  });
  it.each(['', '   ', 'hello', '99999999999999999999', '0x', '-', '()', 'E8', 'iPhone'])('%j is nothing, and no error', (text) => {
    expect(explainCode(text).found).toEqual([]);
  });

  it('finds every number of the table again, in each of its spellings', () => {
    for (const row of CODES) {
      for (const n of row.numbers.flatMap((r) => (typeof r === 'number' ? [r] : [...r]))) {
        const spellings = isWide(n)
          ? [hexOf(n), hexOf(n).toLowerCase(), String(toSigned(n)), String(n), `error (${hexOf(n)})`]
          : [String(n), `(${n})`];
        for (const said of spellings) expect([said, ids(said)]).toEqual([said, expect.arrayContaining([row.id])]);
      }
      for (const name of row.names) expect([name, ids(name).length]).not.toEqual([name, 0]);
    }
  });
  it('is led back to a row by what the console links to', () => {
    for (const row of CODES) {
      const there = explainCode(codeQuery(row)).found[0]?.row;
      expect([codeQuery(row), there?.id]).toEqual([codeQuery(row), row.id]);
    }
  });
  it('never throws, whatever is pasted, and is as safe to print', () => {
    const bits = fc.constantFrom(
      '-',
      '0x',
      'E8',
      '(',
      ')',
      '21',
      '4013',
      'Code ',
      'error ',
      'kAMD',
      '\u2212',
      '\ud800',
      '\u202e',
      'MBErrorDomain/',
      '1e9',
      '.',
      ',',
    );
    const pasted = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.array(bits, { maxLength: 30 }).map((a) => a.join('')),
    );
    fc.assert(
      fc.property(pasted, (text) => {
        const { asked, found, nearest } = explainCode(text);
        expect(asked).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
        expect(found.length === 0 || nearest.length === 0).toBe(true);
        expect(found.map((c) => c.score)).toEqual([...found.map((c) => c.score)].sort((a, b) => b - a));
        expect(new Set(found.map((c) => c.row.id)).size).toBe(found.length);
        for (const c of found) expect(CODE_FAMILIES).toContain(c.row.family);
        searchCodes(text);
      }),
    );
  });
  it('reads a long text in a moment', () => {
    for (const text of ['-'.repeat(100_000), '0x'.repeat(50_000), '1'.repeat(100_000), 'error '.repeat(20_000), '(1 '.repeat(30_000)]) {
      expect(Array.isArray(explainCode(text).found)).toBe(true);
    }
  });
});

describe('searchCodes', () => {
  it('gives the whole table for nothing', () => {
    expect(searchCodes(' ')).toEqual(CODES);
  });
  it('puts the meaning of a code first, then rows that speak of it', () => {
    expect(searchCodes('E800001C').map((r) => r.id)).toEqual(['mobile-device/InvalidHostID', 'lockdown/InvalidHostID']);
    expect(searchCodes('error 9').map((r) => r.id)).toEqual(['restore/phone-lost', 'windows-pnp/driver-corrupt']);
    expect(searchCodes('passcode').map((r) => r.id)).toEqual(
      expect.arrayContaining(['lockdown/PasswordProtected', 'mobile-device/password-required']),
    );
    expect(searchCodes('C44').every((r) => r.causes.includes('C44'))).toBe(true);
    expect(searchCodes('lost mode').map((r) => r.id)).toContain('lockdown/FMiPProtected');
    expect(searchCodes('no such thing anywhere')).toEqual([]);
  });
});
