import { posix, win32 } from 'node:path';
import type { Os } from '../machine/index.js';

/** What the service starts: this very Node and this very agent. Absolute, links followed. */
export interface Program {
  node: string;
  script: string;
}

/** Who may change a file or folder. */
export interface Owner {
  uid: number;
  mode: number;
}

/** Characters that a path of a service file may not hold: control characters, quotes, and what a unit file would expand. */
const UNFIT = /[\u0000-\u001f\u007f"]/;

/** Task Scheduler's pathType: at most 260 characters. */
const WINDOWS_PATH = 260;

/**
 * Why the service must not run this program, as a sentence; null when nothing stands against it. A service runs as root or SYSTEM: whoever
 * can change its program, or a folder on the way to it, is root or SYSTEM. On POSIX every step of the way must belong to root and be
 * writable by nobody else; on Windows, whose access lists are not read here, it must lie below `Program Files`, which users cannot write.
 * `ownerOf` gives owner and mode of a path.
 */
export function objectionTo(program: Program, os: Os, ownerOf: (path: string) => Owner): string | null {
  for (const path of [program.node, program.script]) {
    if (UNFIT.test(path)) return `${JSON.stringify(path)} holds a character that no service file can carry.`;
    if (os === 'windows') {
      if (path.length > WINDOWS_PATH) return `${path} is longer than ${WINDOWS_PATH} characters, Task Scheduler's limit.`;
      if (!/^[A-Za-z]:\\Program Files( \(x86\))?\\/i.test(path))
        return `${path} does not lie in C:\\Program Files, so ordinary users may be able to change what would run as SYSTEM. Move it there.`;
      continue;
    }
    for (const step of wayTo(path)) {
      let owner: Owner;
      try {
        owner = ownerOf(step);
      } catch {
        return `${step} cannot be looked at.`;
      }
      if (owner.uid !== 0)
        return `${step} belongs to user ${owner.uid}, who could change what would run as root. Put the agent where only root writes, such as /opt/lockstep.`;
      // A sticky folder (/tmp) still lets everybody put something into it, though not replace what is there: links are followed already.
      const others = owner.mode & 0o022;
      if (others !== 0 && (owner.mode & 0o1000) === 0)
        return `${step} can be written by others than root (mode ${(owner.mode & 0o7777).toString(8)}). Put the agent where only root writes, such as /opt/lockstep.`;
    }
  }
  return null;
}

/** The path and every folder above it. */
export function wayTo(path: string): string[] {
  const { dirname } = path.startsWith('/') ? posix : win32;
  const way = [path];
  for (let at = path; dirname(at) !== at; at = dirname(at)) way.push(dirname(at));
  return way;
}
