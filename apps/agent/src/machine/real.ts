import { createConnection } from 'node:net';
import { arch, hostname, release, uptime, version } from 'node:os';
import type { Duplex } from 'node:stream';
import { isStorableText } from '@lockstep/core/health';
import { type StartNormally, startNormally } from './boot-loader.js';
import { type Changes, RealChanges } from './changes.js';
import { type CommandId, commandRow, paramsOf } from './commands/index.js';
import { decodeOutput } from './decode.js';
import type { AgentEnv } from './env.js';
import { FileAccess } from './file-access.js';
import type { DiskSpace, FileEntry, FileStat, ListId, SpaceId, StatId, SystemFileId } from './files.js';
import { listenToBus } from './hotplug.js';
import { osReleaseName } from './linux/index.js';
import { type ListenerProof, MAC_SOCKET_FOLDER, proveListener, proveWindowsListener } from './listener-proof.js';
import { macName } from './macos/index.js';
import type { MuxAddress } from './mux-address.js';
import { checkedParams, type Params } from './params.js';
import { type Machine, type MachineIdentity, type Os, type Ran, ReadFailed, type Sysfs } from './port.js';
import { runRow } from './run.js';
import { SysfsTree } from './sysfs.js';

/** A connection to the multiplexer has this long: locally it takes microseconds (protocol notes of libusbmuxd wait 5 s for a reply). */
const CONNECT_MS = 2_000;

/** Opens a connection to an address; rejects with the system's error, or ETIMEDOUT. */
export function connectTo(address: MuxAddress): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket =
      address.kind === 'unix' ? createConnection({ path: address.path }) : createConnection({ host: address.host, port: address.port });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(Object.assign(new Error('connecting took too long'), { code: 'ETIMEDOUT' }));
    }, CONNECT_MS);
    const failed = (e: Error) => {
      clearTimeout(timer);
      reject(e);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      if (address.kind === 'tcp') socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** The real computer, as far as all systems are alike. Only what the system at hand supports is answered; the rest says `unsupported`. */
export class RealMachine implements Machine {
  readonly sysfs: Sysfs;
  readonly changes: Changes;
  private readonly files: FileAccess;

  constructor(
    readonly os: Os,
    private readonly env: AgentEnv,
  ) {
    this.files = new FileAccess(os);
    this.sysfs = os === 'linux' ? new SysfsTree(env.sysfs) : NO_SYSFS;
    this.changes = new RealChanges(os, env.sysfs, env.dir, () => this.now());
  }

  get muxAddress(): MuxAddress {
    return this.env.mux;
  }

  now(): number {
    return Date.now();
  }

  async identity(): Promise<MachineIdentity> {
    return {
      hostname: label(hostname(), 255),
      os: this.os,
      osVersion: label((await this.systemName()) ?? `${this.os} ${release()}`, 64),
      arch: label(arch(), 16),
      privileged: this.os === 'windows' ? await this.isElevated() : process.getuid?.() === 0,
      uptimeS: Math.floor(uptime()),
      lab: this.env.lab,
    };
  }

  async run(id: CommandId, signal?: AbortSignal, params?: Params): Promise<Ran> {
    const row = commandRow(id);
    const param = checkedParams(id, paramsOf(row), params);
    if (row.os !== this.os) return { exit: null, stdout: '', stderr: '', failure: 'unsupported' };
    return await runRow(row, signal, param);
  }

  async readFile(id: SystemFileId, params?: Params): Promise<string> {
    return decodeOutput(await this.files.read(id, params));
  }

  readBytes(id: SystemFileId, params?: Params): Promise<Uint8Array> {
    return this.files.read(id, params);
  }

  stat(id: StatId, params?: Params): Promise<FileStat> {
    return this.files.stat(id, params);
  }

  list(id: ListId, params?: Params): Promise<FileEntry[]> {
    return this.files.list(id, params);
  }

  space(id: SpaceId, params?: Params): Promise<DiskSpace> {
    return this.files.space(id, params);
  }

  async listenToBus(changed: () => void): Promise<(() => Promise<void>) | null> {
    // In a lab the phones hang on no real bus.
    return this.env.lab ? null : await listenToBus(this.os, changed);
  }

  async startNormally(ecid: string): Promise<StartNormally> {
    // In a lab the phones hang on no real bus; Apple's driver on Windows lets no other program near.
    return this.env.lab || this.os === 'windows' ? 'unsupported' : await startNormally(ecid);
  }

  openMux(): Promise<Duplex> {
    return connectTo(this.env.mux);
  }

  async provesMuxListener(): Promise<ListenerProof> {
    const uid = process.getuid?.();
    if (this.os === 'windows') return await proveWindowsListener(this.env.mux, this.env.lab, () => this.run('windows-listener'));
    if (uid === undefined) return { proven: false, why: 'unsupported' };
    return await proveListener(this.env.mux, this.env.lab, uid, this.os === 'macos' ? MAC_SOCKET_FOLDER : null);
  }

  /** Only an elevated token may list the registry's own folder. */
  private async isElevated(): Promise<boolean> {
    try {
      await this.files.list('win-registry-folder');
      return true;
    } catch (e) {
      if (e instanceof ReadFailed) return false;
      throw e;
    }
  }

  private async systemName(): Promise<string | null> {
    try {
      // Node asks the registry for the product's name.
      if (this.os === 'windows') return `${version()} ${release()}`;
      if (this.os === 'macos') return macName(await this.readBytes('mac-system-version'));
      return osReleaseName(await this.readFile('os-release'));
    } catch (e) {
      if (e instanceof ReadFailed) return null;
      throw e;
    }
  }
}

/** The computer this process runs on. */
export function thisMachine(env: AgentEnv, platform: NodeJS.Platform = process.platform): Machine {
  return new RealMachine(platform === 'win32' ? 'windows' : platform === 'darwin' ? 'macos' : 'linux', env);
}

const NO_SYSFS: Sysfs = {
  list: async (path) => Promise.reject(new ReadFailed('unsupported', path)),
  readText: async (path) => Promise.reject(new ReadFailed('unsupported', path)),
  readLink: async (path) => Promise.reject(new ReadFailed('unsupported', path)),
};

/** A label from the system as text that may be stored; what may not becomes U+FFFD, which no name of a computer holds. */
function label(raw: string, max: number): string {
  const cut = raw.slice(0, max);
  return isStorableText(cut) ? cut : cut.replace(/[\u0000\p{Surrogate}]/gu, '\ufffd');
}
