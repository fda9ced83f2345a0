import { chmodSync, lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errnoOf } from '../link/index.js';
import { type Os, type Ran, runRow } from '../machine/index.js';
import type { Owner, Program } from './program.js';
import { type InstallCommandId, installRow } from './rows.js';

/** The computer as this room needs it: files of services, and the commands of this room's own table. A port, for tests. */
export interface InstallSystem {
  readonly os: Os;
  /** What the service would start. */
  readonly program: Program;
  /** Whether root, or an elevated administrator, asks. */
  privileged(): Promise<boolean>;
  /** Whether the service manager of this system runs here at all. */
  hasManager(): boolean;
  run(id: InstallCommandId): Promise<Ran>;
  /** The file; null when there is none. */
  read(path: string): Buffer | null;
  /** Puts a whole file in place, with its folder. */
  write(path: string, bytes: Buffer, mode: number): void;
  makeFolder(path: string, mode: number): void;
  /** What stands there; links are not followed. */
  kindOf(path: string): 'file' | 'folder' | 'other' | 'none';
  /** Removes a file, or a folder with all that is in it. Links are removed, not followed. */
  remove(path: string): void;
  /** Removes a folder if nothing is left in it. */
  removeEmpty(path: string): void;
  /** Where a path of the system lies: the same, but under a root of its own in tests. */
  locate(path: string): string;
  /** Owner and mode of a path of the real system. Throws when it is not there. */
  ownerOf(path: string): Owner;
  pause(ms: number): Promise<void>;
}

/** systemd says by this folder that it runs (sd_booted(3)). */
const SYSTEMD_RUNS = '/run/systemd/system';

/** What this process is: the Node that runs it, and the command beside this file, links followed. */
export function thisProgram(): Program {
  // From src/install and from dist/install alike.
  return {
    node: realpathSync(process.execPath),
    script: realpathSync(fileURLToPath(new URL('../../bin/lockstep-agent.mjs', import.meta.url))),
  };
}

/** Files of the system below a root, `/` for the real one. */
export class SystemFiles {
  constructor(private readonly root: string) {}

  locate(path: string): string {
    if (this.root === '/') return path;
    return join(this.root, path.replace(/^[A-Za-z]:/, '').replaceAll('\\', '/'));
  }

  read(path: string): Buffer | null {
    try {
      return readFileSync(this.locate(path));
    } catch (error) {
      if (isNotThere(error)) return null;
      throw error;
    }
  }

  write(path: string, bytes: Buffer, mode: number): void {
    const to = this.locate(path);
    mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
    const next = `${to}.next`;
    rmSync(next, { force: true });
    writeFileSync(next, bytes, { flag: 'wx', mode });
    // The umask takes bits away that launchd and systemd need to read.
    chmodSync(next, mode);
    renameSync(next, to);
  }

  makeFolder(path: string, mode: number): void {
    const to = this.locate(path);
    mkdirSync(to, { recursive: true });
    chmodSync(to, mode);
  }

  kindOf(path: string): 'file' | 'folder' | 'other' | 'none' {
    try {
      const s = lstatSync(this.locate(path));
      return s.isFile() ? 'file' : s.isDirectory() ? 'folder' : 'other';
    } catch (error) {
      if (isNotThere(error)) return 'none';
      throw error;
    }
  }

  remove(path: string): void {
    rmSync(this.locate(path), { recursive: true, force: true });
  }

  removeEmpty(path: string): void {
    try {
      rmdirSync(this.locate(path));
    } catch (error) {
      // What somebody else keeps there stays.
      if (!isNotThere(error) && !['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error))) throw error;
    }
  }
}

/** Nothing stands there, or a file stands where a folder on the way should be. */
function isNotThere(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error));
}

/** This computer. */
export class RealInstallSystem extends SystemFiles implements InstallSystem {
  readonly program: Program = thisProgram();

  constructor(readonly os: Os) {
    super('/');
  }

  async privileged(): Promise<boolean> {
    if (this.os !== 'windows') return process.geteuid?.() === 0;
    const ran = await this.run('elevated-ask');
    return ran.failure === null && ran.exit === 0;
  }

  hasManager(): boolean {
    return this.os !== 'linux' || this.kindOf(SYSTEMD_RUNS) === 'folder';
  }

  async run(id: InstallCommandId): Promise<Ran> {
    const row = installRow(id);
    if (row.os !== this.os) return { exit: null, stdout: '', stderr: '', failure: 'unsupported' };
    return await runRow(row);
  }

  ownerOf(path: string): Owner {
    const { uid, mode } = lstatSync(path);
    return { uid, mode };
  }

  async pause(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}
