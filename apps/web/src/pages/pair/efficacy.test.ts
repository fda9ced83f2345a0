import { describe, expect, it } from '@jest/globals';
import { helpedWords } from './efficacy.js';

describe('how often a fix has helped', () => {
  const rows = [
    { fix: 'F11' as const, cause: 'C40', judged: 4, cured: 3 },
    { fix: 'F12' as const, cause: 'C44', judged: 40, cured: 30 },
    { fix: 'F08' as const, cause: 'C30', judged: 0, cured: 0 },
  ];
  it('shows no percentage under ten', () => expect(helpedWords(rows, 'F11', 'C40')).toBe('helped 3 of 4 times against this cause'));
  it('shows one from ten on', () => expect(helpedWords(rows, 'F12', 'C44')).toContain('(75 %)'));
  it('says so when it was never judged', () => {
    expect(helpedWords(rows, 'F08', 'C30')).toBe('not tried against this cause yet');
    expect(helpedWords(rows, 'F11', 'C43')).toBe('not tried against this cause yet');
    expect(helpedWords([], 'F11', null)).toBe('not tried against this cause yet');
  });
});
