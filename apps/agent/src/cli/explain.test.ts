import { describe, expect, it } from '@jest/globals';
import { CODES } from '@lockstep/core/codes';
import fc from 'fast-check';
import { runCli } from './index.js';

async function explain(...argv: string[]) {
  const out: string[] = [];
  const talk: string[] = [];
  const code = await runCli(['explain', ...argv], {
    terminal: { out: (t) => void out.push(t), talk: (t) => void talk.push(t), interactive: false, input: async () => '' },
    // It needs no computer, no phone and no environment.
    machine: () => {
      throw new Error('explain looked at the machine');
    },
    env: () => {
      throw new Error('explain read the environment');
    },
  });
  return { code, out: out.join(''), talk: talk.join('') };
}

describe('explain', () => {
  it('tells a person what, which rung, why and what first', async () => {
    const { code, out, talk } = await explain('-21');
    expect([code, talk]).toEqual([0, '']);
    expect(out).toContain('InvalidHostID (-21)');
    expect(out).toContain('rung: trust');
    expect(out).toContain('0xE800001C');
    expect(out).toMatch(/C44\s+\S/);
    expect(out).toContain('First steps');
    expect(out).toContain('lockdown.h');
  });
  it('takes a sentence, quoted or not', async () => {
    const quoted = await explain('An unknown error occurred (4013).');
    expect(quoted).toEqual(await explain('An', 'unknown', 'error', 'occurred', '(4013).'));
    expect(quoted.out.replaceAll(/\s+/g, ' ')).toContain('two computers and two cables');
    expect(quoted.out).toMatch(/F01\s+\S/);
    expect(quoted.out).toMatch(/F46\s.*last resort/);
  });
  it.each([['-402653156'], ['E800001C'], ['0xe800001c'], ['--', '-402653156']])('%j is the same error', async (...argv) => {
    const { code, out } = await explain(...argv);
    expect(code).toBe(0);
    expect(out).toContain('0xE800001C');
    expect(out).toContain('signed: -402653156');
    expect(out).toContain('lockdown’s number: -21');
  });
  it('tells what else a bare number may be', async () => {
    const { out } = await explain('28');
    expect(out).toContain('It may also be');
    expect(out).toContain('Update and restore, 28:');
    expect(out).toContain('explain "restore error 28"');
    expect(out.indexOf('No driver')).toBeLessThan(out.indexOf('Update and restore'));
  });
  it('says so when a code is harmless, or a guess', async () => {
    expect((await explain('-12')).out).toContain('no fault');
    expect((await explain('-3')).out).toContain('guess');
    expect((await explain('lockdown 18')).out).toContain('minus sign');
  });
  it('as JSON', async () => {
    const { code, out } = await explain('--json', '-17');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      schema: 1,
      asked: '-17',
      found: [
        {
          id: 'lockdown/PasswordProtected',
          family: 'lockdown',
          numbers: ['-17'],
          twin: '0xE800001A',
          layer: 'trust',
          title: 'Phone is locked',
          causes: [{ id: 'C41', title: 'Phone is locked' }, { id: 'C48' }],
          fixes: [{ id: 'F10' }],
          match: 'number',
          number: -17,
        },
      ],
      nearest: [],
    });
  });
  it('exits 1 for what is not in the table and names what is near', async () => {
    const { code, out } = await explain('-40');
    expect(code).toBe(1);
    expect(out).toContain('"-40" is not in the table');
    expect(out).toContain('MCChallengeRequired');
    expect(JSON.parse((await explain('--json', 'nonsense')).out)).toMatchObject({ found: [], asked: 'nonsense' });
  });
  it.each([[[]], [['--json']], [['  ']], [['--nope', '4013']], [['-x']], [['--list', '4013']]])('%j is exit 64', async (argv) => {
    const { code, out, talk } = await explain(...argv);
    expect([code, out, talk.length > 0]).toEqual([64, '', true]);
  });
  it('lists every code, one per line', async () => {
    const { code, out } = await explain('--list');
    expect(code).toBe(0);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((l) => l.split('\t').length),
    ).toEqual(CODES.map(() => 4));
    expect((JSON.parse((await explain('--list', '--json')).out) as { codes: unknown[] }).codes).toHaveLength(CODES.length);
  });
  it('prints nothing that moves a cursor, in lines that fit, whatever is asked', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }), fc.constantFrom('9', '-36', 'E80000A')),
        async (text) => {
          const { code, out } = await explain('--', text);
          expect([0, 1, 64]).toContain(code);
          expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
        },
      ),
      { numRuns: 30 },
    );
    for (const row of CODES) {
      const { out } = await explain(row.names[0] ?? String(row.numbers[0]));
      expect(Math.max(...out.split('\n').map((l) => l.length))).toBeLessThanOrEqual(170);
    }
  });
});
