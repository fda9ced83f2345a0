// Programs that some suites talk to and no package registry has.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from '../processes/run.mjs';

/**
 * @typedef {object} SystemProgram
 * @property {string[]} names any of them will do
 * @property {string} debian package that brings it
 * @property {string} suites which need it
 */

/** @type {SystemProgram[]} */
export const PROGRAMS = [
  {
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    debian: 'chromium',
    suites: 'stories in a real browser (e2e)',
  },
  {
    names: ['ideviceinfo'],
    debian: 'libimobiledevice-utils',
    suites: "lab phones spoken to by libimobiledevice's own tools (apps/lab)",
  },
  {
    names: ['redis-server'],
    debian: 'redis-server',
    suites: 'queue and bus on Redis, several servers (apps/server, e2e)',
  },
  {
    names: ['systemd-analyze'],
    debian: 'systemd',
    suites: "systemd's own check of the agent's unit (apps/agent)",
  },
  {
    names: ['xmllint'],
    debian: 'libxml2-utils',
    suites: "the agent's boot task against Task Scheduler's schema (apps/agent)",
  },
];

/** Where browsers lie that are in nobody's PATH. */
const MAC_CHROME = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/**
 * @param {string[]} names
 * @param {string} path the PATH variable
 * @returns {string | null}
 */
export function findProgram(names, path) {
  for (const name of names) {
    for (const folder of path.split(delimiter)) {
      if (folder === '') continue;
      const file = join(folder, process.platform === 'win32' ? `${name}.exe` : name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // not here
      }
    }
  }
  return names.includes('google-chrome') && existsSync(MAC_CHROME) ? MAC_CHROME : null;
}

/**
 * Finds the programs; as root on Debian or its children installs the missing ones. A suite whose program is missing leaves itself out, with the reason.
 * @param {object} options
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal} options.signal
 * @param {(text: string) => void} options.print
 */
export async function systemPrograms({ env, signal, print }) {
  const path = env.PATH ?? '';
  const missing = () => PROGRAMS.filter((program) => findProgram(program.names, path) === null);
  const wanted = missing().map((program) => program.debian);
  const apt = findProgram(['apt-get'], path);
  if (wanted.length > 0 && apt !== null && process.getuid?.() === 0) {
    print(`  installing from this system's packages, because suites need them: ${wanted.join(', ')}`);
    const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, signal };
    const install = () => run(apt, ['install', '-y', '--no-install-recommends', ...wanted], options);
    if ((await install()).code !== 0) {
      await run(apt, ['update'], options);
      const second = await install();
      if (second.code !== 0) print(second.output.trim().split('\n').slice(-3).join('\n'));
    }
  }
  for (const program of missing()) {
    const why =
      apt !== null && process.getuid?.() !== 0
        ? `run as root once, or: sudo apt-get install ${program.debian}`
        : `Debian's package is ${program.debian}`;
    print(`  LEFT OUT: ${program.suites}: ${program.names[0]} is not installed (${why})`);
  }
}
