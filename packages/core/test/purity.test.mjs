// Core is pure: the same facts give the same verdict, on every computer, at any hour. The compiler cannot see that (`Date.now()` needs no import), so core's own
// suites run here once more in a context of their own where the clock, chance, timers, the process and require throw.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';
import * as jest from '@jest/globals';
import { transformSync } from '@swc/core';
import * as fastCheck from 'fast-check';

const { describe, expect, it } = jest;
const src = fileURLToPath(new URL('../src', import.meta.url));
const zodFolder = dirname(createRequire(import.meta.url).resolve('zod/package.json'));

const context = vm.createContext(Object.create(null), { name: 'without a clock' });
vm.runInContext(
  `
  const refuse = (name) => { throw new Error('core reached for ' + name); };
  const RealDate = Date;
  // A moment that was given may be read and written; only the present one is refused.
  globalThis.Date = new Proxy(RealDate, {
    apply: () => refuse('Date()'),
    construct: (target, args) => (args.length === 0 ? refuse('new Date()') : Reflect.construct(target, args)),
    get: (target, key) => (key === 'now' ? () => refuse('Date.now()') : Reflect.get(target, key)),
  });
  RealDate.prototype.constructor = globalThis.Date;
  Math.random = () => refuse('Math.random()');
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'process', 'require', 'performance', 'crypto', 'fetch']) {
    Object.defineProperty(globalThis, name, { get: () => refuse(name) });
  }
  `,
  context,
);

/** @type {Map<string, vm.Module>} */
const modules = new Map();

/** The tools of a test, from outside; they may look at the clock, what they test may not. */
/** @type {Record<string, Record<string, unknown>>} */
const tools = {
  '@jest/globals': {
    ...jest,
    describe: Object.assign((/** @type {string} */ name, /** @type {() => void} */ body) => describe(`pure: ${name}`, body), describe),
  },
  'fast-check': { ...fastCheck },
};

/**
 * @param {string} key
 * @param {() => vm.Module} make
 * @returns {vm.Module}
 */
function once(key, make) {
  const known = modules.get(key);
  if (known) return known;
  const made = make();
  modules.set(key, made);
  return made;
}

/**
 * @param {string} key
 * @param {Record<string, unknown>} values
 */
function given(key, values) {
  const names = Object.keys(values);
  return once(
    key,
    () =>
      new vm.SyntheticModule(
        names,
        function set() {
          for (const name of names) this.setExport(name, values[name]);
        },
        { context, identifier: key },
      ),
  );
}

/** @param {string} file */
function loaded(file) {
  if (file.endsWith('.json')) return given(file, { default: vm.runInContext(`(${readFileSync(file, 'utf8')})`, context) });
  return once(file, () => {
    const text = readFileSync(file, 'utf8');
    const code = file.endsWith('.ts')
      ? transformSync(text, {
          filename: file,
          swcrc: false,
          jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
          module: { type: 'es6' },
        }).code
      : text;
    return source(file, code);
  });
}

/**
 * @param {string} file
 * @param {string} code
 */
function source(file, code) {
  return new vm.SourceTextModule(code, {
    context,
    identifier: pathToFileURL(file).href,
    importModuleDynamically: () => {
      throw new Error(`${file} imports dynamically`);
    },
  });
}

/**
 * @param {string} specifier
 * @param {vm.Module} from
 * @returns {vm.Module}
 */
function link(specifier, from) {
  const importer = fileURLToPath(from.identifier);
  const tool = tools[specifier];
  if (tool) {
    if (!/\.test\.ts$/.test(importer)) throw new Error(`${relative(src, importer)} imports ${specifier}`);
    return given(specifier, tool);
  }
  if (specifier === 'zod') return loaded(join(zodFolder, 'index.js'));
  if (!specifier.startsWith('.')) throw new Error(`${relative(src, importer)} imports ${specifier}`);
  const target = resolve(dirname(importer), specifier);
  return loaded(importer.startsWith(zodFolder) ? target : target.replace(/\.js$/, '.ts'));
}

/** @param {string} folder @returns {string[]} */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => file.endsWith('.ts'))
    .sort();
}

/** @param {vm.Module} module */
async function evaluate(module) {
  if (module.status === 'unlinked') await module.link(link);
  await module.evaluate();
}

const suites = filesOf(src).filter((file) => file.endsWith('.test.ts'));
for (const file of suites) await evaluate(loaded(file));

describe('core without a clock, chance, timers, a process or a require', () => {
  it('runs its suites', () => {
    expect(suites.length).toBeGreaterThan(4);
  });

  it('loads every module', async () => {
    for (const file of filesOf(src)) if (!file.endsWith('.test.ts')) await evaluate(loaded(file));
  });

  it.each([
    'Date.now()',
    'new Date()',
    'Date()',
    'Math.random()',
    'setTimeout(() => {}, 1)',
    'process.env',
    "require('node:fs')",
    'performance.now()',
    'queueMicrotask(() => {})',
  ])('would be caught at: %s', async (expression) => {
    const module = source(join(src, 'health', 'caught.ts'), `export const value = ${expression};`);
    await module.link(link);
    await expect(module.evaluate()).rejects.toThrow(/core reached for/);
  });

  it('may still read a moment it is given', async () => {
    const module = source(
      join(src, 'health', 'given.ts'),
      "export const value = new Date('2026-11-24T12:00:00.000Z').getTime() === Date.parse('2026-11-24T12:00:00Z');",
    );
    await evaluate(module);
    expect(/** @type {{ value: unknown }} */ (module.namespace).value).toBe(true);
  });

  it.each(['node:fs', 'pg', '@jest/globals', '@lockstep/agent'])('would be caught at importing %s', async (specifier) => {
    const module = source(join(src, 'health', 'caught.ts'), `import * as it from '${specifier}';`);
    await expect(module.link(link)).rejects.toThrow(new RegExp(`imports ${specifier}`));
  });
});
