import { describe, expect, it } from '@jest/globals';
import { burn, SIZES } from './fire.mjs';
import { tableOf } from './table.mjs';

const ROUNDS = 20;
const MINUTES = 60_000;

describe('SIGKILL of servers, PostgreSQL, Redis and agents at random moments', () => {
  it(
    `${ROUNDS} kills: no acknowledged fact is lost, no effect and no ticket is doubled, every run says how it ended`,
    async () => {
      const seed = Math.floor(Math.random() * 1_000_000);
      const burnt = await burn({ rounds: ROUNDS, seed, size: SIZES.small, say: (text) => process.stdout.write(`    ${text}\n`) });
      process.stdout.write(`${tableOf(burnt, { rounds: ROUNDS, seed }).replace(/^/gm, '    ')}\n`);
      expect({ rows: burnt.rows.map(({ what, found }) => [what, found]), notes: burnt.notes }).toEqual({
        rows: burnt.rows.map(({ what }) => [what, []]),
        notes: [],
      });
      // Something was there to be lost or doubled; a fire this short may end before an order is carried out, the long one (`npm run fire`) may not.
      for (const { what, checked } of burnt.rows) if (what !== 'effects doubled') expect([what, checked > 0]).toEqual([what, true]);
      expect(burnt.victims.reduce((n, { kills }) => n + kills, 0)).toBe(ROUNDS);
    },
    12 * MINUTES,
  );
});
