import { lstat, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PARAMS } from './params.js';
import type { Os } from './port.js';
import { readFailed } from './sysfs.js';
import { ChangeFailed } from './usb-switches.js';

/** `own`: caches outside the containers of sandboxed programs. `all`: theirs too, which takes Full Disk Access. */
export type CachePlaces = 'own' | 'all';

interface CacheRow {
  os: Os;
  /** The folder they stand in, below a person's own. */
  folder: readonly string[];
  /** The whole name of what may be moved there, and nothing else. */
  name: RegExp;
  container: boolean;
}

/**
 * Caches of Apple's programs for phones: what they make anew by themselves. Preferences, histories (com.apple.iPod.plist) and backups
 * (MobileSync) are in other folders, and none of these names is theirs.
 */
export const CACHES: readonly CacheRow[] = [
  {
    os: 'macos',
    folder: ['Library', 'Caches'],
    name: /^com\.apple\.(AMPDevicesAgent|AMPDeviceDiscoveryAgent|iTunes)$/,
    container: false,
  },
  {
    os: 'macos',
    folder: ['Library', 'Containers', 'com.apple.AMPDeviceDiscoveryAgent', 'Data', 'Library'],
    name: /^Caches$/,
    container: true,
  },
  // iTunes of Apple's installer keeps each of its caches in a folder of this kind; what else stands there is not one.
  { os: 'windows', folder: ['AppData', 'Local', 'Apple Computer', 'iTunes'], name: /^[A-Za-z ]{0,40}Cache$/, container: false },
];

const TAG = /^\d{1,15}$/;
/** Beside where it was: the same disk, the same owner, the same rights. */
const aside = (name: string, tag: string) => `${name}.lockstep-${tag}`;
/** What a program made anew while the old one was aside. */
const anew = (name: string, tag: string) => `${name}.lockstep-${tag}-new`;

/** Whether a path below a person's folder, with slashes, is a cache of the table. */
export function isCache(os: Os, path: string): boolean {
  return rowOf(os, path) !== null;
}

function rowOf(os: Os, path: string): { row: CacheRow; name: string } | null {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  const row = CACHES.find((r) => r.os === os && r.folder.join('/') === parts.join('/') && r.name.test(name));
  return row ? { row, name } : null;
}

/** Moves what is there aside. Rejects with ChangeFailed; then all is where it was. */
export async function moveCachesAside(os: Os, home: string, tag: string, from: CachePlaces): Promise<string[]> {
  check(home, tag);
  const moved: string[] = [];
  for (const row of CACHES) {
    if (row.os !== os || (row.container && from === 'own')) continue;
    const folder = await plainFolder(home, row.folder);
    if (folder === null) continue;
    for (const name of await names(folder, row.name)) {
      try {
        await step(join(folder, name), join(folder, aside(name, tag)));
      } catch (e) {
        await moveCachesBack(os, home, tag, moved);
        throw e;
      }
      moved.push([...row.folder, name].join('/'));
    }
  }
  return moved;
}

/** Moves back what {@link moveCachesAside} moved. Rejects with ChangeFailed. */
export async function moveCachesBack(os: Os, home: string, tag: string, moved: readonly string[]): Promise<void> {
  check(home, tag);
  for (const path of moved) {
    const found = rowOf(os, path);
    if (!found) throw new ChangeFailed('not-ours', 'cache');
    const folder = await plainFolder(home, found.row.folder);
    if (folder === null || !(await isFolder(join(folder, aside(found.name, tag))))) continue;
    const place = join(folder, found.name);
    if (await isFolder(place)) await step(place, join(folder, anew(found.name, tag)));
    await step(join(folder, aside(found.name, tag)), place);
  }
}

function check(home: string, tag: string): void {
  if (!PARAMS.home(home) || !TAG.test(tag)) throw new TypeError('not a place that caches are in');
}

/**
 * The folder, when it and all above it up to the person's own are real folders of one owner: a link that somebody laid would lead into
 * another person's. Null when it is not there.
 */
async function plainFolder(home: string, below: readonly string[]): Promise<string | null> {
  let path = home;
  let owner: number | null = null;
  for (const part of [null, ...below]) {
    if (part !== null) path = join(path, part);
    const s = await lookAt(path);
    if (s === null) return null;
    if (!s.isDirectory() || (owner !== null && s.uid !== owner)) throw new ChangeFailed('not-ours', 'cache');
    owner = s.uid;
  }
  return path;
}

async function names(folder: string, name: RegExp): Promise<string[]> {
  try {
    const all = await readdir(folder, { withFileTypes: true });
    return all.filter((e) => e.isDirectory() && name.test(e.name)).map((e) => e.name);
  } catch (e) {
    throw failedAt(e);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await lookAt(path))?.isDirectory() ?? false;
}

async function lookAt(path: string) {
  try {
    return await lstat(path);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw failedAt(e);
  }
}

/** A rename within a folder is one step: it is there or here, and never half. */
async function step(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (e) {
    throw failedAt(e);
  }
}

/** Never with the path: it holds a person's name. */
function failedAt(e: unknown): ChangeFailed {
  return new ChangeFailed(readFailed(e, 'cache').reason, 'cache');
}
