import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Sentence } from '../sentence.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');
/** The snapshot is data that everybody downloads with the server: this is more than three times what the feeds come to today. */
const MOST_BYTES = 200_000;

export const USAGE = `usage: npm run catalogue -- --from FILE [--from FILE …] [--at TIME] [--out FILE]

  --from FILE   an answer of https://gdmf.apple.com/v2/pmv, or one of SOFA's feeds
                (https://sofafeed.macadmins.io/v2/ios_data_feed.json, …/macos_data_feed.json); or alone, of Windows,
                an answer of https://endoflife.date/api/windows.json
  --at TIME     when gdmf or endoflife.date gave its answer, ISO 8601: the answer does not say
  --out FILE    default: apps/server/data/software-snapshot.json, of Windows windows-lifecycle.json beside it
`;

/**
 * @param {string[]} args
 * @returns {{ from: string[], at: string | null, out: string }}
 * @throws {Sentence} that names the flag
 */
export function parseArguments(args) {
  /** @type {string[]} */
  const from = [];
  let at = null;
  let out = join(ROOT, 'apps/server/data/software-snapshot.json');
  for (let i = 0; i < args.length; i++) {
    const [flag, value] = [args[i], args[i + 1]];
    if (flag !== '--from' && flag !== '--at' && flag !== '--out')
      throw new Sentence(`There is no flag ${JSON.stringify(flag)}.\n\n${USAGE}`);
    if (value === undefined) throw new Sentence(`${flag} needs a value.\n\n${USAGE}`);
    if (flag === '--from') from.push(resolve(value));
    else if (flag === '--out') out = resolve(value);
    else if (Number.isNaN(Date.parse(value)))
      throw new Sentence(`--at: ${JSON.stringify(value)} is no moment such as 2026-08-22T18:45:00Z.`);
    else at = new Date(value).toISOString();
    i += 1;
  }
  if (from.length === 0) throw new Sentence(USAGE);
  return { from, at, out };
}

/**
 * The snapshot, from the texts of feeds.
 * @param {typeof import('@lockstep/core/software')} software
 * @param {{ name: string, text: string }[]} files
 * @param {string | null} at when gdmf gave its answer
 * @returns {import('@lockstep/core/software').Snapshot}
 * @throws {Sentence} that names the file and the field
 */
export function makeSnapshot(software, files, at) {
  const feeds = files.map(({ name, text }) => {
    /** @type {any} */
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Sentence(`${name} is no JSON.`);
    }
    // Caches wrap what gdmf says into an object of their own.
    if (value?.data?.PublicAssetSets) value = value.data;
    const isGdmf = value?.PublicAssetSets !== undefined;
    const isPhones = Object.keys(value?.Devices ?? {}).some((id) => id.startsWith('iPhone'));
    const read = (isGdmf ? software.GdmfAnswer : software.sofaAnswer(isPhones ? 'ios' : 'macos')).safeParse(value);
    if (!read.success) {
      const [issue] = read.error.issues;
      throw new Sentence(`${name} is none of the feeds: ${issue?.path.join('.') || '(file)'}: ${issue?.message ?? 'cannot be read'}.`);
    }
    const part = read.data;
    if (part.feed === 'gdmf' && at === null)
      throw new Sentence(`${name}: say with --at when gdmf gave this answer; it does not say so itself.`);
    return { fetchedAt: part.feed === 'gdmf' ? String(at) : part.lastCheck, part };
  });
  const names = feeds.map((f) => f.part.feed);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new Sentence(`Two of the files are ${twice}.`);
  return software.Snapshot.parse({
    schema: 1,
    origin:
      'Facts about releases, rearranged and shortened from the answer of Apple’s software lookup service (gdmf.apple.com/v2/pmv) and from the feeds of the SOFA project (github.com/macadmins/sofa, Apache License 2.0). Made by `npm run catalogue`.',
    feeds: feeds.sort((a, b) => software.FEEDS.indexOf(a.part.feed) - software.FEEDS.indexOf(b.part.feed)),
  });
}

/**
 * Whether a text is an answer of endoflife.date about Windows: the only one of the lists that is an array.
 * @param {string} text
 */
export const isWindowsList = (text) => text.trimStart().startsWith('[');

/**
 * Until when Windows gets updates, from the text of endoflife.date's answer.
 * @param {typeof import('@lockstep/core/software')} software
 * @param {{ name: string, text: string }} file
 * @param {string | null} at when it was given
 * @returns {import('@lockstep/core/software').WindowsLifecycle}
 * @throws {Sentence} that names the file and the field
 */
export function makeWindowsList(software, { name, text }, at) {
  if (at === null) throw new Sentence(`${name}: say with --at when endoflife.date gave this answer; it does not say so itself.`);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Sentence(`${name} is no JSON.`);
  }
  const read = software.WindowsCycles.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new Sentence(
      `${name} is no list of Windows versions: ${issue?.path.join('.') || '(file)'}: ${issue?.message ?? 'cannot be read'}.`,
    );
  }
  const releases = software.windowsReleases(read.data);
  if (releases.length === 0) throw new Sentence(`${name} names no version of Windows 10 or 11.`);
  return software.WindowsLifecycle.parse({
    schema: 1,
    source:
      'Facts from Microsoft’s release information for Windows 10 and Windows 11 (learn.microsoft.com/windows/release-health), as endoflife.date (MIT licence) repeats them. Paid extended updates are not in it. Made by `npm run catalogue`.',
    asOf: at.slice(0, 10),
    releases,
  });
}

/** @param {unknown} value @returns {string} */
function lines(value) {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (!Array.isArray(value))
    return `{\n${Object.entries(value)
      .map(([key, v]) => `${JSON.stringify(key)}: ${lines(v)}`)
      .join(',\n')}\n}`;
  return value.length === 0 ? '[]' : `[\n${value.map((v) => JSON.stringify(v)).join(',\n')}\n]`;
}

/**
 * One line per release and per offer: what changed is seen in a diff.
 * @param {import('@lockstep/core/software').Snapshot} snapshot
 * @returns {string}
 */
export function snapshotText(snapshot) {
  const { feeds, ...rest } = snapshot;
  return `${lines(rest).slice(0, -2)},\n"feeds": [\n${feeds.map(lines).join(',\n')}\n]\n}\n`;
}

/** @param {string[]} args @returns {Promise<number>} the exit code */
export async function main(args) {
  try {
    const { from, at, out } = parseArguments(args);
    const { prepare } = await import('../build/prepare.mjs');
    await prepare({ root: ROOT, only: ['install', 'core'] });
    const software = await import(pathToFileURL(join(ROOT, 'packages/core/dist/software/index.js')).href);
    const files = from.map((name) => ({ name, text: readFileSync(name, 'utf8') }));
    const windows = files.find(({ text }) => isWindowsList(text));
    if (windows && files.length > 1) throw new Sentence(`${windows.name} is a list of Windows versions: give it alone.`);
    const text = windows ? `${lines(makeWindowsList(software, windows, at))}\n` : snapshotText(makeSnapshot(software, files, at));
    const to = windows && !args.includes('--out') ? join(ROOT, 'apps/server/data/windows-lifecycle.json') : out;
    const bytes = Buffer.byteLength(text);
    if (bytes > MOST_BYTES) throw new Sentence(`The snapshot would be ${bytes} bytes; ${MOST_BYTES} is the most that it may be.`);
    writeFileSync(to, text);
    process.stdout.write(`${to}: ${bytes} bytes\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Sentence)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 64;
  }
}
