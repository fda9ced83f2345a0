import { describe, expect, it } from '@jest/globals';
import { CODE_FAMILIES, CODES, codeQuery } from '@lockstep/core/codes';
import fc from 'fast-check';
import { type CodesView, codesSearch, MAX_CODE, parseCodes, refusalIn, shownOf } from './view.js';

const shown = (q: string, family: CodesView['family'] = null) => shownOf({ q, family });

describe('the address of the codes page', () => {
  it.each<[Record<string, unknown>, CodesView]>([
    [{}, { q: '', family: null }],
    [{ q: ' -21 ' }, { q: '-21', family: null }],
    [
      { q: 'An unknown error occurred (9).', family: 'restore' },
      { q: 'An unknown error occurred (9).', family: 'restore' },
    ],
    [
      { q: ['-21'], family: 'nope' },
      { q: '', family: null },
    ],
    [{ q: 'x'.repeat(5000) }, { q: 'x'.repeat(MAX_CODE), family: null }],
  ])('%j', (search, view) => {
    expect(parseCodes(search)).toEqual(view);
  });
  it('is read again as it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.constantFrom(null, ...CODE_FAMILIES), (q, family) => {
        const view = parseCodes({ q, ...(family === null ? {} : { family }) });
        expect(parseCodes(codesSearch(view))).toEqual(view);
        shownOf(view);
      }),
      { numRuns: 50 },
    );
    expect(codesSearch({ q: '', family: null })).toEqual({});
  });
});

describe('what is shown', () => {
  it('is the whole table until something is asked', () => {
    const { answers, rows, counts } = shown('');
    expect([answers, rows.length]).toEqual([[], CODES.length]);
    expect(Object.values(counts).reduce((a, b) => a + b, 0)).toBe(CODES.length);
  });
  it('is the answer, without its twin beside it', () => {
    const { answers, rows } = shown('-21');
    expect(answers.map((a) => a.row.id)).toEqual(['lockdown/InvalidHostID']);
    expect(rows).toEqual([]);
  });
  it('is every meaning of a bare number, and one family’s when that is chosen', () => {
    expect(shown('14').answers.map((a) => a.row.family)).toEqual(['restore', 'windows-pnp']);
    expect(shown('14', 'windows-pnp').answers.map((a) => a.row.family)).toEqual(['windows-pnp']);
    expect(shown('14').counts).toMatchObject({ restore: 1, 'windows-pnp': 1, lockdown: 0 });
  });
  it('is rows that speak of a word', () => {
    const { answers, rows } = shown('passcode');
    expect(answers).toEqual([]);
    expect(rows.map((r) => r.id)).toContain('lockdown/PasswordProtected');
  });
  it('is what looks like it when there is nothing', () => {
    const { answers, rows, nearest } = shown('4015');
    expect([answers, rows]).toEqual([[], []]);
    expect(nearest.map((r) => r.id)).toContain('restore/phone-lost');
  });
  it('leads from every row of the table to that row’s answer', () => {
    for (const row of CODES) expect(shown(codeQuery(row)).answers[0]?.row.id).toBe(row.id);
  });
});

describe('a refusal in a reading', () => {
  it.each([
    ['InvalidHostID (-21)', 'InvalidHostID (-21)'],
    ['com.apple.afc: PasswordProtected (-17)', 'PasswordProtected (-17)'],
    ['asked: PairingDialogResponsePending (-19)', 'PairingDialogResponsePending (-19)'],
    ['dropped after preflight · last error -5', 'error -5'],
    ['finder said 0xE80000A', '0xE80000A'],
    ['iOS 26.1 (23B85) · iPhone14,5', null],
    ['session accepted', null],
    ['BrandNewError (-77)', null],
    ['lists 9', null],
    ['', null],
  ])('%s', (reading, said) => {
    expect(refusalIn(reading)).toBe(said);
  });
});
