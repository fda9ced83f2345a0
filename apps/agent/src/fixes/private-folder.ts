import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** O_NOFOLLOW: a link laid by somebody else is never written or read through. Windows has no such flag. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** The folder is not private enough for what it is to hold. */
export class FolderUnsafe extends Error {
  constructor(
    readonly folder: string,
    readonly why: 'foreign-owner' | 'open-folder' | 'not-a-folder',
  ) {
    super(`${folder}: ${why}`);
    this.name = 'FolderUnsafe';
  }
}

/**
 * A folder of the agent that root alone (in a lab: the agent's own user) can enter, for what must not be lost and not be seen. On Windows,
 * which has neither modes nor numbers of owners, the access list that `install` puts on the agent's folder decides.
 */
export class PrivateFolder {
  constructor(
    readonly path: string,
    private readonly lab: boolean,
    private readonly uid: number | null = process.getuid?.() ?? null,
  ) {}

  /**
   * Writes a new file, 0600, whole or not at all, on disk for certain when it returns. What a crash left half written is called `….part`.
   * Rejects with {@link FolderUnsafe}, EEXIST, or what the disk says.
   */
  async create(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(this.path, name);
    const part = await this.writePart(name, bytes);
    try {
      // A link is made only where nothing is; a rename would take the place of what is there.
      await link(part, path);
    } finally {
      await rm(part, { force: true });
    }
    await this.sync();
    return path;
  }

  /** Puts a whole file in another's place: the old one or the new one, and nothing between, even across a power cut. */
  async replace(name: string, bytes: Uint8Array): Promise<void> {
    await rename(await this.writePart(name, bytes), join(this.path, name));
    await this.sync();
  }

  private async writePart(name: string, bytes: Uint8Array): Promise<string> {
    await this.ready();
    const part = join(this.path, `${name}.part`);
    await rm(part, { force: true });
    const file = await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW, 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } catch (e) {
      await rm(part, { force: true });
      throw e;
    } finally {
      await file.close();
    }
    return part;
  }

  /** A file's bytes; null when there is none. */
  async read(name: string): Promise<Buffer | null> {
    try {
      return await readFile(join(this.path, name), { flag: constants.O_RDONLY | NO_FOLLOW });
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw e;
    }
  }

  /** The names of what is in it, sorted; none while there is no folder. */
  async names(): Promise<string[]> {
    try {
      return (await readdir(this.path)).sort();
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw e;
    }
  }

  /** Removes a file for certain; nothing when there is none. */
  async remove(name: string): Promise<void> {
    await rm(join(this.path, name), { force: true });
    await this.sync();
  }

  private async ready(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const s = await lstat(this.path);
    if (!s.isDirectory()) throw new FolderUnsafe(this.path, 'not-a-folder');
    if (process.platform === 'win32') return;
    if (s.uid !== 0 && !(this.lab && s.uid === this.uid)) throw new FolderUnsafe(this.path, 'foreign-owner');
    if ((s.mode & 0o077) !== 0) throw new FolderUnsafe(this.path, 'open-folder');
  }

  /** What a folder holds is durable only when the folder is synced. Windows cannot open folders and journals names itself. */
  private async sync(): Promise<void> {
    if (process.platform === 'win32') return;
    let folder: Awaited<ReturnType<typeof open>>;
    try {
      folder = await open(this.path, constants.O_RDONLY);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw e;
    }
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
