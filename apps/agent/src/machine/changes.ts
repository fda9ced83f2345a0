import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CachePlaces, moveCachesAside, moveCachesBack } from './caches.js';
import type { MuxAccount } from './drop-in.js';
import { placeDropIn, removeDropIn } from './drop-in.js';
import { FILES } from './files.js';
import { writeHostsAt } from './hosts-file.js';
import { PARAMS } from './params.js';
import type { Os } from './port.js';
import { type FolderRights, setFolderRights } from './record-folder.js';
import { readFailed } from './sysfs.js';
import { ChangeFailed, setSwitch, type UsbSwitchId } from './usb-switches.js';

/**
 * What fixes change without a command of the system: each method writes one fixed thing to one fixed place. Nothing of what is written
 * comes from outside, and only fixes call them. All reject with ChangeFailed, but for the hosts file's HostsNotWritten.
 */
export interface Changes {
  /** Linux: sets a switch of an Apple device on the bus (usb-switches.ts). */
  setUsbSwitch(id: UsbSwitchId, device: string, value: string): Promise<void>;
  /** Linux: places the drop-in that has usbmuxd keep phones listed (drop-in.ts). */
  placeDropIn(account: MuxAccount): Promise<void>;
  removeDropIn(): Promise<void>;
  /** Linux and macOS: owner and mode of the folder of the pair records (record-folder.ts); the owner on Linux only. */
  setRecordFolder(rights: FolderRights): Promise<void>;
  /**
   * Puts marks before lines of the hosts file that holds `from` now, or takes them away: nothing else about it can be changed
   * (hosts-file.ts). Rejects with HostsNotWritten; then it is as it was.
   */
  writeHosts(from: Uint8Array, to: Uint8Array): Promise<void>;
  /**
   * macOS and Windows: moves caches of Apple's programs in one person's folder aside, each beside where it was (caches.ts). Gives what was
   * moved; when one cannot be moved, those before it are moved back.
   */
  moveCaches(home: string, tag: string, from: CachePlaces): Promise<string[]>;
  /** Moves them back; what was made anew in their place is moved aside instead. */
  moveCachesBack(home: string, tag: string, moved: readonly string[]): Promise<void>;
  /** Windows: makes an empty folder below the agent's own for a driver package that is about to be replaced; gives its path. */
  makeDriverFolder(inf: string): Promise<string>;
}

/** The same on the computer at hand. */
export class RealChanges implements Changes {
  constructor(
    private readonly os: Os,
    private readonly sysfs: string,
    private readonly dir: string,
    private readonly now: () => number,
  ) {}

  async setUsbSwitch(id: UsbSwitchId, device: string, value: string): Promise<void> {
    this.only('linux', id);
    await setSwitch(this.sysfs, id, device, value);
  }

  async placeDropIn(account: MuxAccount): Promise<void> {
    this.only('linux', 'usbmuxd.service');
    await placeDropIn(account);
  }

  async removeDropIn(): Promise<void> {
    this.only('linux', 'usbmuxd.service');
    await removeDropIn();
  }

  async setRecordFolder(rights: FolderRights): Promise<void> {
    if (this.os === 'windows' || (rights.uid !== null && this.os !== 'linux')) throw new ChangeFailed('unsupported', 'record folder');
    await setFolderRights(FILES['record-folder'].paths[this.os][0], rights);
  }

  async writeHosts(from: Uint8Array, to: Uint8Array): Promise<void> {
    await writeHostsAt(FILES.hosts.paths[this.os][0], from, to);
  }

  async moveCaches(home: string, tag: string, from: CachePlaces): Promise<string[]> {
    return await moveCachesAside(this.os, home, tag, from);
  }

  async moveCachesBack(home: string, tag: string, moved: readonly string[]): Promise<void> {
    await moveCachesBack(this.os, home, tag, moved);
  }

  async makeDriverFolder(inf: string): Promise<string> {
    this.only('windows', 'driver folder');
    if (!PARAMS.inf(inf)) throw new TypeError('not the name of a driver package');
    // Never one that is there already: what stands in it would be installed with the driver when it is put back.
    const folder = join(this.dir, 'drivers', `${inf.toLowerCase().replace('.', '-')}-${this.now()}`);
    try {
      await mkdir(join(this.dir, 'drivers'), { recursive: true, mode: 0o700 });
      await mkdir(folder, { mode: 0o700 });
    } catch (e) {
      throw new ChangeFailed(readFailed(e, folder).reason, folder);
    }
    return folder;
  }

  private only(os: Os, what: string): void {
    if (this.os !== os) throw new ChangeFailed('unsupported', what);
  }
}
