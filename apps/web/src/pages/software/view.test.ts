import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { gateSearch, parseGate } from './view.js';

describe('the address of the page about software', () => {
  it.each([
    [{}, { ios: null, outcome: null }, {}],
    [
      { ios: '27.0.1', outcome: 'update' },
      { ios: '27.0.1', outcome: 'update' },
      { ios: '27.0.1', outcome: 'update' },
    ],
    [{ ios: ' 27 ', outcome: 'fine' }, { ios: '27', outcome: null }, { ios: '27' }],
    [{ ios: 'the next one', outcome: 7 }, { ios: null, outcome: null }, {}],
    [{ ios: '1'.repeat(70) }, { ios: null, outcome: null }, {}],
  ])('%j is %j', (search, view, written) => {
    expect(parseGate(search)).toEqual(view);
    expect(gateSearch(parseGate(search))).toEqual(written);
  });

  it('leads back to itself, whatever is in it', () => {
    fc.assert(
      fc.property(fc.record({ ios: fc.string(), outcome: fc.string() }), (search) => {
        const view = parseGate(search);
        expect(parseGate(gateSearch(view))).toEqual(view);
      }),
    );
  });
});
