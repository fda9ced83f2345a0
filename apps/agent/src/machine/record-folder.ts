import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { readFailed } from './sysfs.js';
import { ChangeFailed } from './usb-switches.js';

/** Owner and rights that the folder of the pair records is to have. */
export interface FolderRights {
  /** A user id; null leaves the owner as it is. */
  uid: number | null;
  /** Permission bits. */
  mode: number;
}

/** The rights of everybody but the owner. */
const OTHERS = 0o077;

/**
 * Gives the folder of the pair records to an account and sets its mode; what is in it is not touched. Never a right more for anybody but
 * the owner: whoever can read there has the keys of every phone. The folder is held open meanwhile, so that nothing else can be put in its
 * place, and no link is followed. Rejects with ChangeFailed; then it is as it was.
 */
export async function setFolderRights(path: string, { uid, mode }: FolderRights): Promise<void> {
  if ((mode & ~0o7777) !== 0 || (uid !== null && (!Number.isInteger(uid) || uid < 0)))
    throw new TypeError('no rights that a folder can have');
  try {
    const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      const was = await folder.stat();
      if ((mode & OTHERS & ~was.mode) !== 0) throw new ChangeFailed('not-ours', path);
      // The mode first: it is the narrower one, and an owner that was given something does not have it for a moment longer than meant.
      await folder.chmod(mode);
      try {
        if (uid !== null && uid !== was.uid) {
          await folder.chown(uid, was.gid);
          // Changing the owner takes the set-group bit away (chown(2)).
          await folder.chmod(mode);
        }
      } catch (e) {
        await folder.chmod(was.mode & 0o7777);
        throw e;
      }
    } finally {
      await folder.close();
    }
  } catch (e) {
    throw e instanceof ChangeFailed ? e : new ChangeFailed(readFailed(e, path).reason, path);
  }
}
