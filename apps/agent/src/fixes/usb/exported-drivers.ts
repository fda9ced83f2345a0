import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UNDO_KEPT_MS } from '../undo.js';

/** As machine/changes.ts names the folder of an exported package: the package, and when (ms) it was exported. */
const FOLDER = /^oem\d{1,5}-inf-(\d{1,15})$/;

/**
 * Removes driver packages that were exported longer than 14 days ago, before they were replaced; returns how many. Like everything that is
 * kept: what is from the future counts as new, and what this program did not name so is left.
 * @param dir the agent's folder
 * @param now ms
 */
export async function purgeExportedDrivers(dir: string, now: number): Promise<number> {
  const parent = join(dir, 'drivers');
  const names = await readdir(parent).catch((e: unknown) => {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw e;
  });
  let removed = 0;
  for (const name of names) {
    if (!(now - Number(FOLDER.exec(name)?.[1] ?? Number.NaN) > UNDO_KEPT_MS)) continue;
    const folder = join(parent, name);
    // A link under that name was put there by somebody else.
    if (!(await lstat(folder)).isDirectory()) continue;
    await rm(folder, { recursive: true });
    removed++;
  }
  return removed;
}
