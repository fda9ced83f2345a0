import { describe, expect, it } from '@jest/globals';
import { CauseId, FixId, LAYERS } from '../health/index.js';
import { CLIENT_ERRORS, isLockdownWord, LOCKDOWN_ERRORS, lockdownCode } from './lockdown.js';
import { hexOf } from './numbers.js';
import { CODE_FAMILIES, type CodeRow } from './shapes.js';
import { SOURCES } from './sources.js';
import { CODES, codeNumbers } from './table.js';
import { codeWords, familyWords } from './words.js';

const one = (id: string): CodeRow => {
  const row = CODES.find((r) => r.id === id);
  if (!row) throw new Error(`no row ${id}`);
  return row;
};
const all = (row: CodeRow) =>
  row.numbers.flatMap((n) => (typeof n === 'number' ? [n] : Array.from({ length: n[1] - n[0] + 1 }, (_, i) => n[0] + i)));

describe('the table of codes', () => {
  it('has every family, and each row once', () => {
    expect([...new Set(CODES.map((r) => r.family))]).toEqual([...CODE_FAMILIES]);
    expect(new Set(CODES.map((r) => r.id)).size).toBe(CODES.length);
  });
  it.each(CODES.map((row) => [row.id, row] as const))('%s: its ids, its source and its words are what they should be', (_, row) => {
    for (const cause of row.causes) expect(CauseId.safeParse(cause).success).toBe(true);
    for (const fix of row.fixes) expect(FixId.safeParse(fix).success).toBe(true);
    if (row.layer !== null) expect(LAYERS).toContain(row.layer);
    expect(Object.keys(SOURCES)).toContain(row.source);
    expect(row.numbers.length).toBeGreaterThan(0);
    const words = codeWords(row);
    expect(words.title).toMatch(/^[A-Zi][^.]{2,60}$/);
    expect(words.meaning).toMatch(/^\S.{8,170}\.$/);
    expect(words.next).toMatch(/^\S.{8,170}\.$/);
    expect(words.meaning).not.toBe(`Code ${row.id.slice(row.family.length + 1)}.`);
    // What points to a cause names the rung where that is looked for.
    if (row.causes.length > 0 && !row.causes.includes('C99')) expect(row.layer).not.toBeNull();
    if (row.harmless) expect(row.causes).toEqual([]);
  });
  it('has no number twice in a family', () => {
    for (const family of CODE_FAMILIES) {
      const numbers = CODES.filter((r) => r.family === family).flatMap(all);
      expect(numbers.filter((n, i) => numbers.indexOf(n) !== i).map(String)).toEqual([]);
      expect(familyWords(family).title).toMatch(/^[A-Z]/);
    }
  });
  it('has runs that go upwards', () => {
    for (const n of CODES.flatMap((r) => r.numbers)) if (typeof n !== 'number') expect(n[0]).toBeLessThan(n[1]);
  });
});

describe('lockdown', () => {
  it('has every number of lockdown.h: 0 to -9, -10 to -39 and -256, each once', () => {
    const numbers = CODES.filter((r) => r.family === 'lockdown').flatMap(all);
    expect(numbers).toEqual([0, ...Array.from({ length: 39 }, (_, i) => -1 - i), -256]);
    expect(Object.values(LOCKDOWN_ERRORS).map((row) => row.code)).toEqual(Array.from({ length: 30 }, (_, i) => -10 - i));
  });
  it('has its twins both ways', () => {
    const twins = [...Object.values(LOCKDOWN_ERRORS), ...Object.values(CLIENT_ERRORS)].flatMap((r) => (r.twin === null ? [] : [r]));
    expect(twins.length).toBe(33);
    for (const { code, twin } of twins) {
      const here = CODES.find((r) => r.family === 'lockdown' && r.numbers.includes(code));
      const there = CODES.filter((r) => r.family === 'mobile-device' && all(r).includes(twin));
      expect(there).toHaveLength(1);
      expect(here).toMatchObject({ twin });
      expect(there[0]).toMatchObject({ twin: code, causes: here?.causes, fixes: here?.fixes, layer: here?.layer });
      expect(codeWords(there[0] as CodeRow)).toEqual(codeWords(here as CodeRow));
    }
  });
  it.each([
    [-7, 0xe800000c],
    [-20, 0xe800001b],
    [-22, 0xe800001d],
    [-23, 0xe800001e],
    [-28, 0xe800005b],
    [-31, 0xe800005c],
    [-34, 0xe800005d],
    [-17, 0xe800001a],
    [-21, 0xe800001c],
    [-35, 0xe8000081],
    [-8, 0xe8000065],
  ])('%i is %i in the other numbering', (code, twin) => {
    const row = CODES.find((r) => r.family === 'lockdown' && r.numbers.includes(code));
    expect(hexOf(row?.twin ?? 0)).toBe(hexOf(twin));
  });
  it('knows its words and no others', () => {
    expect(lockdownCode('InvalidHostID')).toBe(-21);
    for (const word of ['toString', '__proto__', 'constructor', 'success']) {
      expect(isLockdownWord(word)).toBe(false);
      expect(lockdownCode(word)).toBeNull();
    }
  });
  it('asks for the passcode before it believes that trust is lost', () => {
    for (const code of [-5, -17, -19, -21]) {
      const row = CODES.find((r) => r.family === 'lockdown' && r.numbers.includes(code));
      expect(row?.fixes[0]).toBe('F10');
      expect(row?.causes).toContain('C48');
    }
  });
});

describe('what was corrected stays corrected', () => {
  it('E800007F: wireless sync is not supported, which is not the same as switched off', () => {
    const row = one('mobile-device/no-wifi-sync');
    expect(row.numbers).toEqual([0xe800007f]);
    expect(row.causes).not.toContain('C75');
    expect(codeWords(row).meaning).toContain('not supported');
  });
  it('restore 34 is security software or hardware, and no full disk', () => {
    const row = CODES.find((r) => r.family === 'restore' && r.numbers.includes(34));
    expect(row?.causes).toEqual(['C73', 'C95']);
    expect(row?.fixes).not.toContain('F38');
  });
  it('restore 17 is the network', () => {
    expect(CODES.find((r) => r.family === 'restore' && r.numbers.includes(17))).toMatchObject({ layer: 'network' });
  });
  it.each([
    [104, ['C90', 'C89']],
    [105, ['C91']],
    [205, ['C90']],
    [207, ['C96']],
    [208, ['C89', 'C41']],
  ])('backup %i', (code, causes) => {
    expect(CODES.find((r) => r.family === 'backup' && r.numbers.includes(code))?.causes).toEqual(causes);
  });
  it('-3 has one cause, and that as a guess', () => {
    expect(one('lockdown/plist')).toMatchObject({ causes: ['C63'], lowConfidence: true });
  });
  it('4013 is hardware only after two computers and two cables', () => {
    const row = CODES.find((r) => r.family === 'restore' && r.numbers.includes(4013)) as CodeRow;
    expect(row.causes).toEqual(['C92', 'C95']);
    expect(codeWords(row).next).toMatch(/two computers and two cables/);
  });
  it('no step touches the backups on the disk', () => {
    for (const row of CODES.filter((r) => r.family === 'backup')) expect(codeWords(row).next).not.toMatch(/rename|delete|move/i);
  });
});

describe('numbers of a row', () => {
  it.each([
    ['lockdown/InvalidHostID', '-21'],
    ['mobile-device/InvalidHostID', '0xE800001C'],
    ['restore/phone-lost', '9, 4005, 4013, 4014'],
    ['restore/usb-transfer', '2001 to 2009, 2013'],
    ['mobile-device/wireless-pairing', '0xE80000E8 to 0xE80000ED'],
  ])('%s', (id, shown) => {
    expect(codeNumbers(one(id))).toBe(shown);
  });
});
