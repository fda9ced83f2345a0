// How good and how fast the rules are, on the labelled corpus of packages/core.
import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, temporaryFolder } from '../house.mjs';
import { counted } from './matrix.mjs';

/** Lots of diagnoses are timed; the best one tells what a core can do when nobody else is at it. */
const LOTS = 20;

/** @param {import('../main.mjs').Context} context */
export async function run(context) {
  const { report, say, sizes } = context;
  const { corpus, core } = await compiled(context);
  const judged = corpus.CORPUS.map((/** @type {any} */ story) => {
    const diagnosis = corpus.diagnoseCase(story, (/** @type {any} */ input) =>
      core.diagnose({ ...input, catalogue: corpus.preparedFor(story) }),
    );
    return { expect: story.expect, accept: story.accept, disputed: story.disputed, said: corpus.verdictOf(story, diagnosis).said };
  });
  const c = counted(judged.filter((/** @type {any} */ j) => j.disputed === null));
  const d = counted(judged.filter((/** @type {any} */ j) => j.disputed !== null));
  say(`${corpus.CORPUS.length} cases, ${d.cases} of them disputed and reported apart`);

  report.goal('precision where a cause is claimed', c.precision.toFixed(3), '>= 0.98', c.precision >= 0.98);
  report.goal('healthy verdicts on what cannot be told', String(c.healthyOnUnknown), '0', c.healthyOnUnknown === 0);
  report.figure('claimed a cause', `${c.spoke} of ${c.cases}`);
  report.figure('abstained', `${(100 * c.abstainRate).toFixed(1)} %`);
  report.figure('disputed cases: precision against the label', d.precision.toFixed(3));
  for (const [cause, row] of c.causes) {
    const precision = row.claimed === 0 ? '-' : (row.rightly / row.claimed).toFixed(2);
    const recall = row.labelled === 0 ? '-' : (row.found / row.labelled).toFixed(2);
    report.figure(`${cause}: precision, recall`, `${precision}, ${recall} (${row.labelled})`);
  }
  for (const [confusion, n] of c.confusions) report.figure(`confused: ${confusion}`, String(n));

  const inputs = corpus.CORPUS.map((/** @type {any} */ story) => ({ ...corpus.toInput(story), catalogue: corpus.preparedFor(story) }));
  const perSecond = speed(core.diagnose, inputs, sizes.diagnoses ?? 0);
  report.goal('diagnoses a second on one core (best lot)', Math.round(perSecond).toLocaleString('en'), '>= 50,000', perSecond >= 50_000);
  report.note('each case is diagnosed whole at each time; what is made of a version is kept per reading, as on the server');
  report.figures = { ...c, causes: Object.fromEntries(c.causes), confusions: Object.fromEntries(c.confusions), perSecond };
}

/**
 * Core and corpus as JavaScript, in a folder that goes away.
 * @param {import('../main.mjs').Context} context
 * @returns {Promise<{ corpus: any, core: any }>}
 */
async function compiled(context) {
  const folder = temporaryFolder(context);
  const core = join(ROOT, 'packages', 'core');
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', core, '--noEmit', 'false', '--outDir', folder, '--declaration', 'false'], {
    stdio: 'inherit',
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  symlinkSync(join(createRequire(join(core, 'package.json')).resolve('zod/package.json'), '..', '..'), join(folder, 'node_modules'), 'dir');
  const from = (/** @type {string} */ file) => import(pathToFileURL(join(folder, file)).href);
  return { corpus: await from('corpus/index.js'), core: await from('src/diagnosis/index.js') };
}

/**
 * @param {(input: unknown) => unknown} diagnose
 * @param {readonly unknown[]} inputs
 * @param {number} total
 * @returns {number} diagnoses a second of the best lot
 */
function speed(diagnose, inputs, total) {
  const rounds = Math.max(1, Math.round(total / LOTS / inputs.length));
  let best = 0;
  for (let lot = 0; lot < LOTS; lot++) {
    const began = process.cpuUsage();
    for (let round = 0; round < rounds; round++) for (const input of inputs) diagnose(input);
    const { user, system } = process.cpuUsage(began);
    best = Math.max(best, (rounds * inputs.length) / ((user + system) / 1e6));
  }
  return best;
}
