import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Env, ProblemError } from '../platform/index.js';

/** The other end of a connection. */
export interface Peer {
  /** Of the client; behind a trusted proxy the one the proxy saw. */
  address: string;
  /** The client's connection is encrypted. */
  secure: boolean;
  /** The client is this very computer, with nothing in between that forwards. */
  local: boolean;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** `::ffff:10.0.0.1` as `10.0.0.1`: a dual-stack socket shows IPv4 clients so. */
function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address.split('%')[0] ?? address;
}

function within(list: BlockList, address: string): boolean {
  return isIP(address) !== 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value.join(',') : value);

/** A Host header as name and port; null for anything else. */
function splitHost(host: string): { name: string; port: string | null } | null {
  const parts = /^(\[[0-9a-fA-F:.]+\]|[^:/@\s]+)(?::(\d{1,5}))?$/.exec(host);
  return parts?.[1] === undefined ? null : { name: parts[1].toLowerCase(), port: parts[2] ?? null };
}

/**
 * The doors that every request passes before anybody is asked who it is: is the connection what it claims, is this server meant (DNS
 * rebinding), does the page that sends it belong to us (cross-site requests and sockets).
 */
export class Doors {
  private readonly proxies = new BlockList();
  private readonly hosts: readonly { name: string; port: string | null }[];
  private readonly publicOrigin: string | null;

  constructor(env: Pick<Env, 'host' | 'allowedHosts' | 'trustedProxies' | 'publicUrl'>) {
    for (const network of env.trustedProxies) {
      const [address = '', bits] = network.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.proxies.addAddress(address, family);
      else this.proxies.addSubnet(address, Number(bits), family);
    }
    const named = [...env.allowedHosts, ...(env.publicUrl === null ? [] : [env.publicUrl.host])];
    const bound =
      isIP(env.host) !== 0 && env.host !== '0.0.0.0' && env.host !== '::' ? [isIPv6(env.host) ? `[${env.host}]` : env.host] : [];
    this.hosts = [...named, ...bound].map(splitHost).filter((h) => h !== null);
    this.publicOrigin = env.publicUrl?.origin ?? null;
  }

  /** Who is at the other end. Forwarding headers count only from trusted proxies. */
  peer(req: IncomingMessage): Peer {
    const socket = plainAddress(req.socket.remoteAddress ?? '');
    const encrypted = req.socket instanceof TLSSocket;
    const forwarded = one(req.headers['x-forwarded-for']);
    if (!within(this.proxies, socket)) {
      // Somebody forwards, and nobody told us to believe it: then "from this computer" is not proven either.
      const forwards = forwarded !== undefined || req.headers.forwarded !== undefined || req.headers['x-real-ip'] !== undefined;
      return { address: socket, secure: encrypted, local: within(LOOPBACK, socket) && !forwards };
    }
    // From the right: each trusted proxy vouches for the one before it; the first that is not trusted is the client.
    const chain = (forwarded ?? '')
      .split(',')
      .map((a) => plainAddress(a.trim().replace(/^\[(.*)\]$/, '$1')))
      .filter((a) => isIP(a) !== 0);
    let address = socket;
    for (let i = chain.length - 1; i >= 0 && within(this.proxies, address); i--) address = chain[i] ?? address;
    const protocol = one(req.headers['x-forwarded-proto'])?.split(',').at(-1)?.trim().toLowerCase();
    return { address, secure: protocol === undefined ? encrypted : protocol === 'https', local: false };
  }

  /** Refuses a request that was sent to another name than ours: a page whose name was rebound to our address. */
  checkHost(req: IncomingMessage): void {
    const host = splitHost(req.headers.host ?? '');
    if (host !== null && this.isOurs(host)) return;
    throw new ProblemError(
      421,
      'host-not-allowed',
      'This server does not answer to that name. If it should, name it in LOCKSTEP_ALLOWED_HOSTS or LOCKSTEP_PUBLIC_URL.',
      [{ field: 'Host', message: 'is not a name of this server' }],
    );
  }

  private isOurs(host: { name: string; port: string | null }): boolean {
    if (host.name === 'localhost' || within(LOOPBACK, host.name.replace(/^\[(.*)\]$/, '$1'))) return true;
    return this.hosts.some((h) => h.name === host.name && (h.port === null || h.port === host.port));
  }

  /**
   * Refuses what another site's page sends. Browsers name the page's origin in every cross-site request that can change something and in
   * every socket; a program names none.
   * @param required true where a cookie speaks for the caller: then an origin has to be there.
   */
  checkOrigin(req: IncomingMessage, peer: Peer, required: boolean): void {
    const origin = one(req.headers.origin);
    if (origin === undefined) {
      if (!required) return;
      throw new ProblemError(403, 'origin-required', 'A request that is signed in by cookie has to say from which page it comes.', [
        { field: 'Origin', message: 'is required' },
      ]);
    }
    if (this.publicOrigin !== null && origin === this.publicOrigin) return;
    const own = URL.canParse(`http://${req.headers.host ?? ''}`)
      ? new URL(`${peer.secure ? 'https' : 'http'}://${req.headers.host ?? ''}`).origin
      : null;
    if (own !== null && origin === own) return;
    throw new ProblemError(403, 'origin-not-allowed', 'This request comes from a page of another site.', [
      { field: 'Origin', message: 'is not this server’s' },
    ]);
  }

  /** Refuses a second computer's agent without TLS: its token and facts would be anybody's to read and change. */
  checkEncrypted(peer: Peer): void {
    if (peer.secure || peer.local) return;
    throw new ProblemError(
      403,
      'tls-required',
      'Agents of other computers are served over TLS only: set LOCKSTEP_TLS_CERT and LOCKSTEP_TLS_KEY, or put a TLS proxy in front and name it in LOCKSTEP_TRUSTED_PROXY.',
    );
  }
}
