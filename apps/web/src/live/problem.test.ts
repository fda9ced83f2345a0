import { describe, expect, it } from '@jest/globals';
import { ApiError, asApiError, problemOf } from './problem.js';

describe('an answer that is no success', () => {
  it('brings its messages to their fields', () => {
    const e = problemOf(
      400,
      {
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        code: 'invalid-input',
        detail: 'email: is taken',
        errors: [
          { field: 'body.email', message: 'is taken' },
          { field: 'email', message: 'second' },
        ],
      },
      null,
    );
    expect([e.kind, e.code, e.fields, e.message]).toEqual(['problem', 'invalid-input', { email: 'is taken' }, 'email: is taken']);
  });
  it('says when to try again', () => {
    const body = { type: 'about:blank', title: 'Too Many Requests', status: 429, code: 'too-many-attempts' };
    expect(problemOf(429, body, '17').retryAfterS).toBe(17);
    expect(problemOf(429, body, 'Wed, 21 Oct 2026 07:28:00 GMT').retryAfterS).toBeNull();
  });
  it.each([502, 503, 504])('takes a proxy’s %d for a server that cannot be reached', (status) =>
    expect(problemOf(status, null, null).kind).toBe('unreachable'),
  );
  it.each([null, 'text', {}, { status: 'four' }])('does not make sense of %j', (body) =>
    expect(problemOf(500, body, null).kind).toBe('unexpected'),
  );
  it('wraps what a page throws itself', () => {
    expect(asApiError(new TypeError('x is not a function')).detail).toBe('x is not a function');
    const own = new ApiError('unreachable', 0, 'unreachable', 't');
    expect(asApiError(own)).toBe(own);
  });
});
