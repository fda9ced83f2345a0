// `npm run fire`.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { prepare } from '../../scripts/build/prepare.mjs';
import { Sentence } from '../../scripts/sentence.mjs';
import { burn, SIZES } from './fire.mjs';
import { takeRedisAway } from './redis-away.mjs';
import { isProof, tableOf, tableOfAway } from './table.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');

const HELP = `npm run fire -- [kills] [--rounds N] [--seed N] [--keep FOLDER]
npm run fire -- redis-away [--seconds N] [--seed N] [--keep FOLDER]

  kills        kills servers, PostgreSQL, Redis and agents at random moments while computers report, fixes are ordered and tickets are
               filed, and checks afterwards that nothing acknowledged was lost and nothing was done twice
  redis-away   takes Redis away for some minutes under the same load, and checks the same

  --rounds N      kills (200)
  --seconds N     how long Redis is away (600)
  --seed N        chooses victims, moments and troubles; printed, and drawn when left out
  --keep FOLDER   where the logs of the servers stay

How to read it: docs/bench.md.
`;

const STORIES = /** @type {const} */ (['kills', 'redis-away']);
/** The numbers each story takes, and what they are when left out. @type {Record<(typeof STORIES)[number], Record<string, number>>} */
const NUMBERS = { kills: { rounds: 200 }, 'redis-away': { seconds: 600 } };

/**
 * @param {readonly string[]} args
 * @returns {{ story: (typeof STORIES)[number], numbers: Record<string, number>, seed: number, keep: string | null } | null} null: help was asked for
 * @throws {Sentence} that names what cannot be used
 */
export function parseArguments(args) {
  if (args.includes('--help') || args.includes('-h')) return null;
  const [first = ''] = args;
  const named = STORIES.find((name) => name === first);
  if (named === undefined && first !== '' && !first.startsWith('--'))
    throw new Sentence(`There is no ${JSON.stringify(first)}: ${STORIES.join(', ')}.`);
  const story = named ?? 'kills';
  const numbers = { ...NUMBERS[story] };
  let seed = Math.floor(Math.random() * 1_000_000);
  /** @type {string | null} */
  let keep = null;
  const rest = named === undefined ? args : args.slice(1);
  for (let i = 0; i < rest.length; i += 2) {
    const flag = rest[i] ?? '';
    const name = flag.replace(/^--/, '');
    const value = rest[i + 1];
    if (flag === '--keep' && value) keep = emptyFolder(value);
    else if (flag === '--keep') throw new Sentence('--keep must name a folder.');
    else if (!flag.startsWith('--') || (name !== 'seed' && !(name in numbers)))
      throw new Sentence(`${story} has no ${JSON.stringify(flag)}: npm run fire -- --help lists what there is.`);
    else if (!/^\d{1,6}$/.test(value ?? '') || (name !== 'seed' && Number(value) < 1))
      throw new Sentence(`${flag} must be a whole number up to 999999, not ${JSON.stringify(value ?? '')}.`);
    else if (name === 'seed') seed = Number(value);
    else numbers[name] = Number(value);
  }
  return { story, numbers, seed, keep };
}

/** A fire does not burn on what an earlier one left. @param {string} folder */
function emptyFolder(folder) {
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Sentence(`--keep: ${folder} is not empty.`);
  return folder;
}

/** @param {readonly string[]} args @returns {Promise<never>} */
export async function fire(args) {
  const print = (/** @type {string} */ text) => void process.stdout.write(`${text}\n`);
  const abort = new AbortController();
  for (const name of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(name, () => abort.abort(new Sentence(`${name}: ended before the fire was out.`)));
  try {
    const given = parseArguments(args);
    if (given === null) {
      print(HELP);
      process.exit(0);
    }
    await prepare({ root: ROOT, signal: abort.signal, onDone: ({ step, ms }) => print(`  built ${step} in ${(ms / 1000).toFixed(1)} s`) });
    const { story, numbers, seed, keep } = given;
    const { rounds = 0, seconds = 0 } = numbers;
    print(`fire: ${story}, seed ${seed}`);
    const began = performance.now();
    const say = (/** @type {string} */ text) => print(`  ${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);
    const common = { seed, keep, signal: abort.signal, say };
    if (story === 'kills') {
      const burnt = await burn({ ...common, kills: rounds, size: SIZES.full });
      print(`\n${tableOf(burnt, { rounds, seed })}\n`);
      process.exit(isProof(burnt) ? 0 : 1);
    }
    const away = await takeRedisAway({ ...common, seconds });
    print(`\n${tableOfAway(away)}\n`);
    process.exit(isProof(away) ? 0 : 1);
  } catch (error) {
    process.stderr.write(`${error instanceof Sentence ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
}
