import { describe, expect, it } from '@jest/globals';
import { burn, SIZES } from './fire.mjs';
import { isProof, tableOf } from './table.mjs';

/** The server first of all: it is the one that acknowledges. */
const KILLS = { server: 50, postgres: 6, redis: 6, agents: 6 };
const sum = (/** @type {readonly number[]} */ counts) => counts.reduce((n, count) => n + count, 0);
const MINUTES = 60_000;

describe('SIGKILL of servers, PostgreSQL, Redis and agents at random moments', () => {
  it(
    `${sum(Object.values(KILLS))} kills, ${KILLS.server} of them of servers: no acknowledged fact is lost, no effect and no ticket is doubled, every run says how it ended`,
    async () => {
      const seed = Math.floor(Math.random() * 1_000_000);
      const burnt = await burn({ kills: KILLS, seed, size: SIZES.small, say: (text) => process.stdout.write(`    ${text}\n`) });
      process.stdout.write(`${tableOf(burnt, { rounds: sum(burnt.victims.map((v) => v.kills)), seed }).replace(/^/gm, '    ')}\n`);
      expect({ rows: burnt.rows.map(({ what, found }) => [what, found]), notes: burnt.notes }).toEqual({
        rows: burnt.rows.map(({ what }) => [what, []]),
        notes: [],
      });
      expect(isProof(burnt)).toBe(true);
      const asked = { ...KILLS, redis: burnt.withoutRedis === null ? KILLS.redis : 0 };
      expect(Object.fromEntries(burnt.victims.map(({ kind, kills }) => [kind, kills]))).toEqual(asked);
    },
    12 * MINUTES,
  );
});
