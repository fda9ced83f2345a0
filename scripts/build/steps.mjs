// What stands between a clone and programs that run, in the order of its needs.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Fetched through npx, so nothing has to be installed beforehand; the lock file is of this version's format. */
export const PNPM = 'pnpm@12.21.0';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string[]} needs names of earlier steps
 * @property {string[]} inputs paths below the root
 * @property {string[]} outputs paths below the root
 * @property {[command: string, ...args: string[]]} command
 * @property {boolean} [prunes] whether outputs that this run did not write are leftovers to remove
 */

/** @param {string} folder @param {string[]} needs @returns {Step} */
const compiled = (folder, needs) => ({
  name: folder.slice(folder.indexOf('/') + 1),
  needs,
  inputs: ['tsconfig.base.json', `${folder}/package.json`, `${folder}/tsconfig.json`, `${folder}/tsconfig.build.json`, `${folder}/src`],
  outputs: [`${folder}/dist`],
  command: [process.execPath, 'node_modules/typescript/bin/tsc', '-p', `${folder}/tsconfig.build.json`],
  prunes: true,
});

/**
 * @param {string} root
 * @returns {Step[]}
 */
export function steps(root) {
  const manifests = workspaceFolders(root).map((folder) => `${folder}/package.json`);
  return [
    {
      name: 'install',
      needs: [],
      inputs: ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests],
      // Written by pnpm at the end of every install; it goes with node_modules.
      outputs: ['node_modules/.modules.yaml'],
      command: ['npx', '-y', PNPM, 'install', '--frozen-lockfile', '--reporter=append-only'],
    },
    {
      name: 'generate',
      needs: ['install'],
      inputs: ['prisma/schema', 'prisma.config.ts', 'scripts/prisma.mjs'],
      outputs: ['apps/server/src/generated'],
      command: [process.execPath, 'scripts/prisma.mjs', 'generate'],
    },
    compiled('packages/core', ['install']),
    compiled('apps/agent', ['core']),
    compiled('apps/lab', ['core', 'agent']),
    compiled('apps/server', ['core', 'generate']),
    {
      name: 'web',
      needs: ['install'], // it reads core's source, not its build
      inputs: ['tsconfig.base.json', 'apps/web', 'packages/core/src'],
      outputs: ['apps/web/dist'],
      command: [process.execPath, 'apps/web/node_modules/vite/bin/vite.js', 'build', 'apps/web', '--logLevel', 'warn'],
    },
  ];
}

/**
 * The folders of the packages, as pnpm-workspace.yaml lists them: a folder, or `folder/*`.
 * @param {string} root
 * @returns {string[]}
 */
export function workspaceFolders(root) {
  /** @type {string[]} */
  const folders = [];
  const yaml = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const list = /^packages:\n((?:[ ]+- .*\n)+)/m.exec(yaml)?.[1] ?? '';
  for (const line of list.split('\n')) {
    const pattern = line.trim().replace(/^- /, '').replaceAll("'", '');
    if (pattern.endsWith('/*')) {
      const parent = pattern.slice(0, -2);
      if (!existsSync(join(root, parent))) continue;
      for (const entry of readdirSync(join(root, parent))) folders.push(`${parent}/${entry}`);
    } else if (pattern) folders.push(pattern);
  }
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json'))).sort();
}
