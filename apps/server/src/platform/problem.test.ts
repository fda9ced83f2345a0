import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { problemOf } from './problem.filter.js';
import { ProblemError, parseInput } from './problem.js';

function refused(schema: z.ZodType, value: unknown): ProblemError {
  try {
    parseInput(schema, value, 'body');
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('was taken');
}

describe('refusals', () => {
  const Schema = z.strictObject({ name: z.string(), list: z.array(z.strictObject({ n: z.int() })) });

  it('name each field by its path', () => {
    expect(refused(Schema, { list: [{ n: 1 }, { n: 'x', m: 2 }], extra: 1 }).errors.map((e) => e.field)).toEqual([
      'name',
      'list[1].n',
      'list[1].m',
      'extra',
    ]);
    expect(refused(Schema, undefined).errors).toEqual([{ field: '(body)', message: 'is required' }]);
    expect(refused(Schema, []).errors[0]?.field).toBe('(body)');
  });

  it('say "is required" for what is missing, and are not endless', () => {
    expect(refused(Schema, { list: [] }).errors).toEqual([{ field: 'name', message: 'is required' }]);
    expect(refused(Schema, { name: 'x', list: Array(1000).fill({}) }).errors).toHaveLength(20);
  });

  it('carry code, title and status', () => {
    expect(refused(Schema, { list: [] }).toProblem()).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'invalid-input',
      detail: 'name: is required',
      errors: [{ field: 'name', message: 'is required' }],
    });
  });
});

describe('errors of others', () => {
  it.each([
    [{ code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }, 415, 'unsupported-media-type'],
    [{ code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 413 }, 413, 'too-large'],
    [{ statusCode: 404 }, 404, 'not-found'],
    [{ statusCode: 413 }, 413, 'too-large'],
    [{ statusCode: 415 }, 415, 'unsupported-media-type'],
    [{ code: 'ECONNREFUSED' }, 503, 'database-unavailable'],
    [{ code: '57P01' }, 503, 'database-unavailable'],
    [{ cause: { originalCode: '08006' } }, 503, 'database-unavailable'],
    [new Error('timeout exceeded when trying to connect'), 503, 'database-unavailable'],
    [{ code: '23505' }, 500, 'internal'],
    [new Error('a secret inside'), 500, 'internal'],
    ['thrown text', 500, 'internal'],
    [undefined, 500, 'internal'],
  ])('%j becomes %d %s', (error, status, code) => {
    const problem = problemOf(error);
    expect([problem.status, problem.code]).toEqual([status, code]);
    expect(JSON.stringify(problem.toProblem())).not.toContain('secret inside');
  });
});
