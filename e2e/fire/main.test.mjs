import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseArguments } from './main.mjs';

describe('npm run fire', () => {
  it('kills 200 times when nothing is said, and draws a seed', () => {
    expect(parseArguments([])).toEqual({ story: 'kills', numbers: { rounds: 200 }, seed: expect.any(Number), keep: null });
  });

  it('takes its story, its numbers and its folder', () => {
    expect(parseArguments(['--rounds', '20', '--seed', '7'])).toEqual({ story: 'kills', numbers: { rounds: 20 }, seed: 7, keep: null });
    const keep = join(tmpdir(), 'lockstep-fire-that-is-not-there');
    const away = { story: 'redis-away', numbers: { seconds: 60 }, seed: 0, keep };
    expect(parseArguments(['redis-away', '--seconds', '60', '--seed', '0', '--keep', keep])).toEqual(away);
    expect(parseArguments(['kills', '--help'])).toBeNull();
  });

  it.each([
    [['arson'], 'There is no "arson"'],
    [['--seconds', '5'], 'kills has no "--seconds"'],
    [['redis-away', '--rounds', '5'], 'redis-away has no "--rounds"'],
    [['--rounds', '0'], '--rounds must be a whole number'],
    [['--seed'], '--seed must be a whole number'],
    [['--rounds', '1e3'], '--rounds must be a whole number'],
    [['--keep'], '--keep must name a folder'],
    [['--keep', '/'], '--keep: / is not empty'],
    [['--rounds', '5', 'x'], 'kills has no "x"'],
  ])('refuses %j', (args, sentence) => {
    expect(() => parseArguments(args)).toThrow(sentence);
  });
});
