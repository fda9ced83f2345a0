/** Where the multiplexer listens. */
export type MuxAddress = { kind: 'unix'; path: string } | { kind: 'tcp'; host: string; port: number };

/** A setting of the environment or the command line that cannot be used; the message names it. Exit code 64 (sysexits EX_USAGE). */
export class UsageError extends Error {
  readonly exitCode = 64;
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** Where Apple's and libimobiledevice's daemons listen on POSIX, and Apple's service on Windows. */
export const DEFAULT_MUX = {
  posix: { kind: 'unix', path: '/var/run/usbmuxd' },
  windows: { kind: 'tcp', host: '127.0.0.1', port: 27_015 },
} as const;

/** sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, the ending NUL included. */
const UNIX_PATH_BYTES = 103;

/**
 * Reads USBMUXD_SOCKET_ADDRESS as libusbmuxd does: `UNIX:/path`, `host:port`, and also a plain absolute path. IPv6 addresses stand in
 * brackets. Throws {@link UsageError}.
 */
export function parseMuxAddress(raw: string): MuxAddress {
  const bad = (why: string) =>
    new UsageError(`USBMUXD_SOCKET_ADDRESS: ${why} (got ${JSON.stringify(raw)}; expected UNIX:/path, /path or host:port)`);
  const path = /^UNIX:/i.test(raw) ? raw.slice(5) : raw.startsWith('/') ? raw : null;
  if (path !== null) {
    if (!path.startsWith('/')) throw bad('the socket path must be absolute');
    if (path.includes('\u0000')) throw bad('the socket path holds a NUL');
    if (Buffer.byteLength(path) > UNIX_PATH_BYTES) throw bad(`the socket path is longer than ${UNIX_PATH_BYTES} bytes`);
    return { kind: 'unix', path };
  }
  const at = raw.lastIndexOf(':');
  if (at < 1) throw bad('is neither a socket path nor host:port');
  const host = raw.slice(0, at);
  const port = raw.slice(at + 1);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw bad('the port must be 1 to 65535');
  const bracketed = /^\[([0-9a-fA-F:.%a-z]+)\]$/.exec(host)?.[1];
  if (bracketed === undefined && !/^[A-Za-z0-9._-]+$/.test(host)) throw bad('the host is not a name or an address');
  return { kind: 'tcp', host: bracketed ?? host, port: Number(port) };
}

/** The address in the form libusbmuxd reads. */
export function formatMuxAddress(a: MuxAddress): string {
  if (a.kind === 'unix') return `UNIX:${a.path}`;
  return a.host.includes(':') ? `[${a.host}]:${a.port}` : `${a.host}:${a.port}`;
}

/** Whether nobody outside this computer can be on the other end. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
