import { createConnection } from 'node:net';
import { arch, hostname, release, uptime } from 'node:os';
import type { Duplex } from 'node:stream';
import { isStorableText } from '@lockstep/core/health';
import { type CommandId, commandRow } from './commands.js';
import type { AgentEnv } from './env.js';
import { osReleaseName, SYSTEM_FILE_BYTES, SYSTEM_FILES, type SystemFileId } from './files.js';
import { type ListenerProof, proveListener } from './listener-proof.js';
import type { MuxAddress } from './mux-address.js';
import { type Machine, type MachineIdentity, type Os, type Ran, ReadFailed, type Sysfs } from './port.js';
import { runRow } from './run.js';
import { readBounded, SysfsTree } from './sysfs.js';

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

  constructor(
    readonly os: Os,
    private readonly env: AgentEnv,
  ) {
    this.sysfs = os === 'linux' ? new SysfsTree(env.sysfs) : NO_SYSFS;
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
      privileged: process.getuid?.() === 0,
      uptimeS: Math.floor(uptime()),
      lab: this.env.lab,
    };
  }

  async run(id: CommandId, signal?: AbortSignal): Promise<Ran> {
    const row = commandRow(id);
    if (row.os !== this.os) return { exit: null, stdout: '', stderr: '', failure: 'unsupported' };
    return await runRow(row, signal);
  }

  async readFile(id: SystemFileId): Promise<string> {
    if (this.os !== 'linux') throw new ReadFailed('unsupported', id);
    let failure = new ReadFailed('missing', id);
    for (const path of SYSTEM_FILES[id]) {
      try {
        return await readBounded(path, SYSTEM_FILE_BYTES);
      } catch (e) {
        if (!(e instanceof ReadFailed)) throw e;
        failure = e;
      }
    }
    throw failure;
  }

  openMux(): Promise<Duplex> {
    return connectTo(this.env.mux);
  }

  async provesMuxListener(): Promise<ListenerProof> {
    const uid = process.getuid?.();
    if (this.os === 'windows' || uid === undefined) return { proven: false, why: 'unsupported' };
    return await proveListener(this.env.mux, this.env.lab, uid);
  }

  private async systemName(): Promise<string | null> {
    try {
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
