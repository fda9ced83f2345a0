import { describe, expect, it } from '@jest/globals';
import { EVERY_HOST, HOST_STATES, type HostView, hostQuery, hostSearchOf, parseHostView } from './host-view.js';

describe('the address of the hosts page', () => {
  it('says what is shown, and is read back', () => {
    for (const state of [null, ...HOST_STATES])
      for (const view of [
        { state, cause: null, q: '' },
        { state, cause: 'L01', q: 'lnx 02' },
      ] satisfies HostView[])
        expect(parseHostView(hostSearchOf(view))).toEqual(view);
    expect(hostSearchOf(EVERY_HOST)).toEqual({});
  });
  it('shows more, never an error, where it is mistyped', () => {
    expect(parseHostView({ state: 'asleep', cause: 'rubbish', q: 7 })).toEqual(EVERY_HOST);
    expect(parseHostView({ q: ` ${'x'.repeat(500)} ` }).q.length).toBeLessThan(201);
  });
  it('asks the API for the same: a computer that was revoked is not silent', () => {
    expect(hostQuery({ state: 'silent', cause: null, q: '' })).toEqual({ connected: 'false', revoked: 'false' });
    expect(hostQuery({ state: 'revoked', cause: 'C30', q: 'x' })).toEqual({ revoked: 'true', cause: 'C30', q: 'x' });
    expect(hostQuery(EVERY_HOST)).toEqual({});
  });
});
