// The rules of the house are only worth what refuses to break them: every forbidden import is tried, in a copy of the house made of empty rooms.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../', import.meta.url));

/** @type {Record<string, string[]>} rooms of each package, each may import those before it */
const HOUSE = {
  'packages/core': ['health', 'codes', 'software', 'fixes', 'diagnosis', 'replay', 'incidents', 'tickets', 'protocol'],
  'apps/agent': ['machine', 'device', 'probes', 'watch', 'fixes', 'link', 'install', 'record', 'cli'],
  'apps/lab': ['phone', 'sysfs', 'daemon', 'computer', 'cli', 'fleet'],
  'apps/server': ['platform', 'access', 'software', 'agents', 'pairs', 'incidents', 'fixes', 'guided', 'tickets', 'replay', 'live'],
  'apps/web': ['ui', 'live', 'pages'],
};

/** @type {Record<string, string[]>} modules that no file of a package may import */
const ACROSS = {
  'packages/core': ['node:fs', 'pg', '@lockstep/agent', 'react'],
  'apps/agent': ['@lockstep/server', '@lockstep/lab', '@nestjs/common'],
  'apps/lab': ['@lockstep/server', '@nestjs/common'],
  'apps/server': ['@lockstep/agent', '@lockstep/agent/device', '@lockstep/lab'],
  'apps/web': ['@lockstep/server', '@lockstep/agent', '@lockstep/lab', 'node:fs'],
};

/** @type {Record<string, string[]>} */
const ALLOWED = {
  'packages/core': ['zod'],
  'apps/agent': ['@lockstep/core/health', '@lockstep/core/fixes', '@lockstep/core/protocol', 'node:fs', 'ws'],
  'apps/lab': ['@lockstep/core/health', '@lockstep/agent', '@lockstep/agent/device', 'node:net'],
  'apps/server': ['@lockstep/core/fixes', '@lockstep/core/diagnosis', 'pg', 'node:crypto'],
  'apps/web': ['@lockstep/core/health', '@lockstep/core/fixes', 'react'],
};

/** @type {string} */
let copy;
/** @type {Map<string, Set<string>>} rules broken, by file */
let broken;
/** @type {Map<string, { what: string, rule: string | null }>} what each file tries, and the rule that has to refuse it */
const tries = new Map();

/**
 * @param {string} file
 * @param {string} source
 * @param {string} [what]
 * @param {string | null} [rule]
 */
function put(file, source, what, rule = null) {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  writeFileSync(join(copy, file), source);
  if (what) tries.set(file, { what, rule });
}

/** @param {string} module */
const imports = (module) => `import * as it from '${module}';\n\nexport const kept = it;\n`;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'lockstep-house-'));
  const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  config.vcs = { enabled: false };
  delete config.$schema;
  writeFileSync(join(copy, 'biome.json'), JSON.stringify(config));
  for (const [folder, rooms] of Object.entries(HOUSE)) {
    for (const room of rooms) {
      put(`${folder}/src/${room}/index.ts`, "export { inner } from './inner.js';\n");
      put(`${folder}/src/${room}/inner.ts`, 'export const inner = 1;\n');
      for (const [at, other] of rooms.entries()) {
        if (other === room) continue;
        const right = at > rooms.indexOf(room);
        const rule = right ? 'noRestrictedImports' : null;
        put(`${folder}/src/${room}/to-${other}.ts`, imports(`../${other}/index.js`), `${room} imports ${other}`, rule);
        put(`${folder}/src/${room}/deep/to-${other}.ts`, imports(`../../${other}/index.js`), `a folder in ${room} imports ${other}`, rule);
        put(
          `${folder}/src/${room}/type-${other}.ts`,
          `import type { inner } from '../${other}/index.js';\n\nexport type Kept = typeof inner;\n`,
          `${room} imports a type of ${other}`,
          rule,
        );
        put(
          `${folder}/src/${room}/later-${other}.ts`,
          `export const load = () => import('../${other}/index.js');\n`,
          `${room} imports ${other} dynamically`,
          rule,
        );
        if (!right)
          put(
            `${folder}/src/${room}/past-${other}.ts`,
            `import { inner } from '../${other}/inner.js';\n\nexport const kept = inner;\n`,
            `${room} imports past the door of ${other}`,
            'noPrivateImports',
          );
      }
      for (const module of ACROSS[folder] ?? [])
        put(`${folder}/src/${room}/across-${name(module)}.ts`, imports(module), `${room} imports ${module}`, 'noRestrictedImports');
      for (const module of ALLOWED[folder] ?? [])
        put(`${folder}/src/${room}/may-${name(module)}.ts`, imports(module), `${room} may import ${module}`);
      put(`${folder}/src/${room}/environment.ts`, 'export const home = process.env.HOME;\n', `${room} reads process.env`, 'noProcessEnv');
    }
    put(
      `${folder}/src/${rooms[0]}/circle-a.ts`,
      "import { b } from './circle-b.js';\n\nexport const a = () => b;\n",
      `a circle in ${rooms[0]}`,
      'noImportCycles',
    );
    put(`${folder}/src/${rooms[0]}/circle-b.ts`, "import { a } from './circle-a.js';\n\nexport const b = () => a;\n");
    put(`${folder}/src/${rooms[0]}/any.ts`, 'export const value = JSON.parse("1") as any;\n', 'any', 'noExplicitAny');
  }
  const ran = spawnSync(
    process.execPath,
    [join(root, 'node_modules/@biomejs/biome/bin/biome'), 'lint', '--reporter=json', '--max-diagnostics=none', '.'],
    { cwd: copy, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  );
  const report = JSON.parse(ran.stdout);
  broken = new Map();
  for (const { category, location } of report.diagnostics) {
    const file = typeof location.path === 'string' ? location.path : location.path.file;
    const key = relative(copy, join(copy, file)).replaceAll('\\', '/');
    if (!broken.has(key)) broken.set(key, new Set());
    broken.get(key)?.add(String(category).split('/').at(-1) ?? '');
  }
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** @param {string} module */
function name(module) {
  return module.replaceAll(/[^a-z]+/g, '-');
}

/** @param {string} folder @returns {string[]} */
function sources(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', 'dist', 'generated'].includes(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

describe('look left, never right', () => {
  for (const folder of Object.keys(HOUSE)) {
    it(`is kept in ${folder}: every forbidden import is refused and every other let through`, () => {
      const wrong = [];
      let refused = 0;
      for (const [file, { what, rule }] of tries) {
        if (!file.startsWith(`${folder}/`)) continue;
        const found = broken.get(file) ?? new Set();
        if (rule !== null) {
          if (found.has(rule)) refused += 1;
          else wrong.push(`${what} (${file}): not refused by ${rule}`);
        } else if (found.has('noRestrictedImports') || found.has('noPrivateImports')) wrong.push(`${what} (${file}): refused`);
      }
      expect(wrong).toEqual([]);
      expect(refused).toBeGreaterThan(10);
    });
  }

  it('knows every room there is', () => {
    const unknown = Object.entries(HOUSE).flatMap(([folder, rooms]) =>
      readdirSync(join(root, folder, 'src'))
        .filter((entry) => statSync(join(root, folder, 'src', entry)).isDirectory() && entry !== 'generated' && !rooms.includes(entry))
        .map((entry) => `${folder}/src/${entry}`),
    );
    expect(unknown).toEqual([]);
  });

  it('has one override of the import rule for each file: two would replace each other', () => {
    const { overrides } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
    const includes = overrides
      .filter((/** @type {any} */ one) => one.linter?.rules?.style?.noRestrictedImports !== undefined)
      .flatMap((/** @type {any} */ one) => one.includes);
    const rooms = Object.entries(HOUSE).flatMap(([folder, names]) => names.map((room) => `${folder}/src/${room}/**`));
    for (const room of rooms) expect(includes.filter((/** @type {string} */ one) => one === room)).toHaveLength(1);
    const others = includes.filter((/** @type {string} */ one) => !rooms.includes(one)).sort();
    // Files that stand in no room; and core's tests, which may use a test runner.
    expect(others).toEqual(['apps/agent/src/*', 'apps/lab/src/*', 'apps/server/src/*', 'apps/web/src/*', 'packages/core/src/**/*.test.ts']);
  });

  it('has no dynamic import past a door', () => {
    // The lint rule for doors does not look into import().
    const past = Object.keys(HOUSE).flatMap((folder) =>
      sources(join(root, folder, 'src'))
        .filter((file) => !/\.test\.tsx?$/.test(file))
        .flatMap((file) =>
          [...readFileSync(file, 'utf8').matchAll(/\bimport\(\s*'(\.\.\/[^']+)'/g)]
            .map((match) => [relative(root, file), match[1] ?? ''])
            .filter(([, to]) => !/\/index\.js$/.test(to ?? '')),
        ),
    );
    expect(past).toEqual([]);
  });

  it('keeps the framework at the rim: in the rooms of the server only these files import Nest', () => {
    const rim = /\.(module|controller|gateway|worker|guard|filter|pipe|interceptor)\.ts$/;
    const inside = (HOUSE['apps/server'] ?? []).flatMap((room) =>
      sources(join(root, 'apps/server/src', room)).filter(
        (file) => !rim.test(file) && !/\.test\.ts$/.test(file) && /from '@nestjs\//.test(readFileSync(file, 'utf8')),
      ),
    );
    expect(inside.map((file) => relative(root, file))).toEqual([]);
  });
});
