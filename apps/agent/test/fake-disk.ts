import type { AppendFile, Disk } from '../src/link/disk.js';

interface Stored {
  bytes: Buffer;
  /** What a power cut leaves for certain. */
  synced: number;
}

/** A disk in memory that can be filled, broken and cut from its power. */
export class FakeDisk implements Disk {
  readonly files = new Map<string, Stored>();
  /** Bytes it can hold in all. */
  capacity = Number.POSITIVE_INFINITY;
  /** The error code of every sync, when set. */
  syncFails: string | null = null;
  readFails: string | null = null;
  syncs = 0;
  /** Grows with every power cut: handles opened before are dead. */
  #life = 0;

  read(path: string): Buffer | null {
    if (this.readFails) throw systemError(this.readFails);
    const file = this.files.get(path);
    return file ? Buffer.from(file.bytes) : null;
  }

  append(path: string): AppendFile {
    const file = this.files.get(path) ?? { bytes: Buffer.alloc(0), synced: 0 };
    this.files.set(path, file);
    const life = this.#life;
    const alive = () => {
      if (life !== this.#life) throw new Error('a handle from before the power cut was used');
    };
    return {
      write: (bytes) => {
        alive();
        const room = Math.max(0, this.capacity - this.#used());
        // A full disk takes what fits, as write(2) does.
        file.bytes = Buffer.concat([file.bytes, Buffer.from(bytes).subarray(0, room)]);
        if (bytes.length > room) throw systemError('ENOSPC');
      },
      truncate: (length) => {
        alive();
        file.bytes = file.bytes.subarray(0, length);
        file.synced = Math.min(file.synced, length);
      },
      sync: () => {
        alive();
        if (this.syncFails) throw systemError(this.syncFails);
        this.syncs++;
        file.synced = file.bytes.length;
      },
      close: () => undefined,
    };
  }

  replace(path: string, bytes: Uint8Array): void {
    if (this.syncFails) throw systemError(this.syncFails);
    if (this.#used() + bytes.length > this.capacity) throw systemError('ENOSPC');
    this.syncs++;
    this.files.set(path, { bytes: Buffer.from(bytes), synced: bytes.length });
  }

  remove(path: string): void {
    this.files.delete(path);
  }

  setAside(path: string): void {
    const file = this.files.get(path);
    if (file) this.files.set(`${path}.damaged`, file);
    this.files.delete(path);
  }

  /** The power goes: of what was not synced, `keep` bytes of each file are left. */
  cutPower(keep = 0): void {
    this.#life++;
    for (const file of this.files.values()) {
      file.bytes = file.bytes.subarray(0, Math.min(file.bytes.length, file.synced + keep));
      file.synced = file.bytes.length;
    }
  }

  /** What another process would find now. */
  copy(): FakeDisk {
    const other = new FakeDisk();
    for (const [path, file] of this.files) other.files.set(path, { bytes: Buffer.from(file.bytes), synced: file.synced });
    return other;
  }

  #used(): number {
    return [...this.files.values()].reduce((sum, f) => sum + f.bytes.length, 0);
  }
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
