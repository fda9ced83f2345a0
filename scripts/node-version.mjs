// Only syntax that any Node with ECMAScript modules can read: an old one must get as far as the sentence.

/** Node 20.19 is the first 20.x that loads an ES module with require() unasked; 21 and 22 before 22.12 do not (Node's changelogs), and Vite 8 needs it. */
export const NODE_NEEDED = '20.19 (or 22.12, or newer)';

/**
 * @param {string} version as in process.versions.node
 * @returns {string} '' when it will do, else the sentence
 */
export function nodeTooOld(version) {
  const parts = version.split('.');
  const major = Number(parts[0]);
  const minor = Number(parts[1]);
  const enough = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
  return enough
    ? ''
    : 'Lockstep needs Node ' +
        NODE_NEEDED +
        ', and this is Node ' +
        version +
        ': install a newer one from https://nodejs.org and start again.';
}
