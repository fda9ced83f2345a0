import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DEFAULT_MUX, isLoopback, type MuxAddress } from './mux-address.js';
import type { Ran } from './port.js';
import { provesListener, readDocument } from './windows/index.js';

/**
 * Whether the process behind the multiplexer's address is the system's. Anybody may listen on a TCP port, and anybody who may write the
 * socket's folder may put his own socket there; a pair record handed to such a listener is a phone's keys given away.
 */
export type ListenerProof =
  | { proven: true /** Only the lab's rule let it through. */; relaxed: boolean }
  | { proven: false; why: 'tcp' | 'missing' | 'not-a-socket' | 'foreign-owner' | 'open-folder' | 'unknown-owner' | 'unsupported' };

/** A folder of the system whose group may write to it, and has to be taken for what it is. */
export interface KnownFolder {
  path: string;
  gid: number;
  mode: number;
}

/**
 * Where macOS keeps usbmuxd's socket: /var/run, `drwxrwxr-x root daemon`. The group `daemon` (1) has root as its only member, and no
 * person can join it without being an administrator, who could replace the daemon itself; so only root and what runs as daemon may put
 * another socket there. Taken are exactly this folder, this group and this mode: any other group or a wider mode proves nothing.
 */
export const MAC_SOCKET_FOLDER: KnownFolder = { path: '/private/var/run', gid: 1, mode: 0o775 };

const STICKY = 0o1000;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * POSIX: the socket belongs to root (usbmuxd creates it before it drops its rights), and every folder on its real path belongs to root
 * and can be changed by root alone, or has the sticky bit, so that nobody can put another socket in its place. TCP is never proven. In a
 * lab also a loopback port, or a socket of the agent's own user. `known`: a folder of the system that its own group may write to.
 */
export async function proveListener(
  address: MuxAddress,
  lab: boolean,
  ownUid: number,
  known: KnownFolder | null = null,
): Promise<ListenerProof> {
  if (address.kind === 'tcp') {
    return lab && isLoopback(address.host) ? { proven: true, relaxed: true } : { proven: false, why: 'tcp' };
  }
  let folder: string;
  let socket: Awaited<ReturnType<typeof lstat>>;
  try {
    folder = await realpath(dirname(address.path));
    socket = await lstat(address.path);
  } catch {
    return { proven: false, why: 'missing' };
  }
  if (!socket.isSocket()) return { proven: false, why: 'not-a-socket' };
  // Both the path as it is written (its links can be turned) and the folder it ends in.
  if (socket.uid === 0 && (await onlyRootChanges(dirname(address.path), known)) && (await onlyRootChanges(folder, known)))
    return { proven: true, relaxed: false };
  if (lab && socket.uid === ownUid) return { proven: true, relaxed: true };
  return { proven: false, why: socket.uid === 0 ? 'open-folder' : 'foreign-owner' };
}

async function onlyRootChanges(folder: string, known: KnownFolder | null): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const s = await lstat(at);
    if (s.uid !== 0) return false;
    // The mode of a link says nothing; whose it is and which folder holds it does.
    if (s.isDirectory() && (s.mode & WRITABLE_BY_OTHERS) !== 0 && (s.mode & STICKY) === 0 && !isKnown(at, s, known)) return false;
    if (!s.isDirectory() && !s.isSymbolicLink()) return false;
    if (at === dirname(at)) return true;
  }
}

function isKnown(path: string, s: { gid: number; mode: number }, known: KnownFolder | null): boolean {
  return known !== null && path === known.path && s.gid === known.gid && (s.mode & 0o7777) === known.mode;
}

/**
 * Windows: the multiplexer is a port, on which anybody may listen. Proven is only what listens on the address that Apple's programs use,
 * 127.0.0.1:27015, with every program that may answer there Apple's beyond doubt (provesListener). In a lab also any loopback port.
 */
export async function proveWindowsListener(address: MuxAddress, lab: boolean, ask: () => Promise<Ran>): Promise<ListenerProof> {
  if (address.kind !== 'tcp') return { proven: false, why: 'unsupported' };
  if (lab && isLoopback(address.host)) return { proven: true, relaxed: true };
  const { host, port } = DEFAULT_MUX.windows;
  if (address.host !== host || address.port !== port) return { proven: false, why: 'tcp' };
  const doc = readDocument(await ask());
  if (!doc.read) return { proven: false, why: 'unknown-owner' };
  switch (provesListener(doc.document)) {
    case 'apple':
      return { proven: true, relaxed: false };
    case 'nobody':
      return { proven: false, why: 'missing' };
    case 'foreign':
      return { proven: false, why: 'foreign-owner' };
    case 'unknown':
      return { proven: false, why: 'unknown-owner' };
  }
}
