import { describe, expect, it } from '@jest/globals';
import { checkNewPassword, checkSetup, checkSignIn, tokenOf } from './fields.js';

const good = { name: 'Ann', email: 'ann@example.com', password: 'twelve chars', again: 'twelve chars' };

describe('the set-up form', () => {
  it('takes good fields', () => expect(checkSetup(good)).toEqual({}));
  it.each([
    ['name', { name: '  ' }, 'is required'],
    ['name', { name: 'x'.repeat(101) }, 'must have at most 100 characters'],
    ['email', { email: '' }, 'is required'],
    ['email', { email: 'ann at example' }, 'must be an e-mail address'],
    ['password', { password: 'eleven char', again: 'eleven char' }, 'must have at least 12 characters'],
    ['password', { password: 'x'.repeat(257), again: 'x'.repeat(257) }, 'must have at most 256 characters'],
    ['again', { again: 'twelve chars ' }, 'is not the same'],
  ])('names the field that is wrong: %s', (field, over, message) => {
    expect(checkSetup({ ...good, ...over })).toEqual({ [field]: message });
  });
});

describe('the sign-in form', () => {
  it('asks for both fields and says nothing of what a password has to look like', () => {
    expect(checkSignIn({ email: '', password: '' })).toEqual({ email: 'is required', password: 'is required' });
    expect(checkSignIn({ email: 'a@b', password: 'x' })).toEqual({});
  });
});

describe('a new password', () => {
  it('is long enough and typed twice', () => {
    expect(checkNewPassword({ password: 'twelve chars', again: 'twelve chars' })).toEqual({});
    expect(checkNewPassword({ password: 'short', again: '' })).toEqual({
      password: 'must have at least 12 characters',
      again: 'is not the same',
    });
  });
});

describe('the set-up link', () => {
  it.each([
    ['#token=abcDEF_123-xyz', 'abcDEF_123-xyz'],
    ['token=abcDEF_123-xyz&x=1', 'abcDEF_123-xyz'],
    ['', null],
    ['#token=', null],
    ['#token=short', null],
    ['#token=has%20space%20in%20it', null],
  ])('%s gives %s', (hash, token) => expect(tokenOf(hash)).toBe(token));
});
