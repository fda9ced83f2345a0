// Taking a data folder: made or checked, claimed, and cleared of what a dead supervisor left running on it.
import { dirname } from 'node:path';
import { ownFolder } from '../postgres/folders.mjs';
import { claimFolder } from '../processes/claim.mjs';
import { isAlive } from '../processes/identity.mjs';
import { endOrphan } from '../processes/service.mjs';
import { ROOTS_DATA } from './environment.mjs';
import { GRACE_MS } from './shutdown.mjs';

/**
 * @param {string} dataDir
 * @param {string} root of the checkout
 * @returns {Promise<import('../processes/claim.mjs').Claim>}
 * @throws {import('../sentence.mjs').Sentence}
 */
export async function claimDataFolder(dataDir, root) {
  const asRoot = process.getuid?.() === 0;
  if (asRoot && dirname(dataDir) === ROOTS_DATA) ownFolder(ROOTS_DATA, 0o755);
  ownFolder(dataDir, asRoot ? 0o755 : 0o700); // as root the database's user passes through to its own folder
  const claim = claimFolder(dataDir, root);
  // The database is not among them: it is adopted rather than ended.
  for (const name of ['lab', 'server']) {
    const orphan = claim.predecessor?.children[name];
    if (orphan && isAlive(orphan)) await endOrphan(orphan, GRACE_MS.server);
  }
  return claim;
}
