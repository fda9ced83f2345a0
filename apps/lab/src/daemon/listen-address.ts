import { z } from 'zod';

/** Where a lab's multiplexer listens. */
export type ListenAddress = { kind: 'unix'; path: string } | { kind: 'tcp'; host: string; port: number };

/** sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, the ending NUL included. */
const UNIX_PATH_BYTES = 103;
/** A lab holds pairings of nobody, and still is nobody's business: it never listens beyond this computer. */
const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

/** Reads `UNIX:/path`, an absolute path or `host:port` with a loopback host; port 0 takes a free one. */
export const ListenAddress = z.string().transform((raw, ctx): ListenAddress => {
  const refuse = (message: string): never => {
    ctx.addIssue({ code: 'custom', message: `${message} (got ${JSON.stringify(raw)})` });
    return z.NEVER;
  };
  const path = /^UNIX:/i.test(raw) ? raw.slice(5) : raw.startsWith('/') ? raw : null;
  if (path !== null) {
    if (!path.startsWith('/') || path.includes('\u0000')) return refuse('the socket path must be absolute');
    if (Buffer.byteLength(path) > UNIX_PATH_BYTES) return refuse(`the socket path is longer than ${UNIX_PATH_BYTES} bytes`);
    return { kind: 'unix', path };
  }
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(raw) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535) return refuse('must be UNIX:/path or host:port');
  if (!LOOPBACK.test(host)) return refuse('the host must be this computer itself: 127.0.0.1, [::1] or localhost');
  return { kind: 'tcp', host: host === '[::1]' ? '::1' : host, port: Number(port) };
});

/** The address as USBMUXD_SOCKET_ADDRESS takes it. */
export function addressForClients(a: ListenAddress): string {
  if (a.kind === 'unix') return `UNIX:${a.path}`;
  return a.host.includes(':') ? `[${a.host}]:${a.port}` : `${a.host}:${a.port}`;
}
