import { describe, expect, it } from '@jest/globals';
import { checkPassword, Email, hashPassword, Password } from './passwords.js';

describe('passwords', () => {
  it('are kept as argon2id with the parameters we mean', async () => {
    expect(await hashPassword('correct horse battery')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('open their own hash only, and nothing opens nobody’s', async () => {
    const hash = await hashPassword('correct horse battery');
    expect(await checkPassword(hash, 'correct horse battery')).toBe(true);
    expect(await checkPassword(hash, 'correct horse batterx')).toBe(false);
    expect(await checkPassword(null, 'correct horse battery')).toBe(false);
  });

  it('are the same however the keyboard composes them', async () => {
    expect(await checkPassword(await hashPassword('pa\u00dfwort mit \u00e4'), 'pa\u00dfwort mit a\u0308')).toBe(true);
  });

  it('do the same work for an account that does not exist', async () => {
    const hash = await hashPassword('correct horse battery');
    const time = async (stored: string | null) => {
      const times: number[] = [];
      for (let i = 0; i < 5; i++) {
        const start = process.hrtime.bigint();
        await checkPassword(stored, 'wrong password');
        times.push(Number(process.hrtime.bigint() - start));
      }
      return times.sort((a, b) => a - b)[2] ?? 0;
    };
    await time(null); // the first call makes the hash of nobody
    const ratio = (await time(null)) / (await time(hash));
    expect(ratio).toBeGreaterThan(0.3);
    expect(ratio).toBeLessThan(3);
  });

  it('have rules that name what is wrong', () => {
    expect(Password.safeParse('short').error?.issues[0]?.message).toContain('at least 12');
    expect(Password.safeParse('nul\u0000nul\u0000nul').success).toBe(false);
    expect(Email.parse('  Ada@Example.ORG ')).toBe('ada@example.org');
    expect(Email.safeParse('ada').success).toBe(false);
  });
});
