import { createSocket, type Socket } from 'node:dgram';
import { get } from 'node:http';
import { networkInterfaces } from 'node:os';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Heard, NetAddress, NetInterface, Network, Reached, ReachedHost } from './network.js';

/** Multicast DNS (RFC 6762): groups and port. */
const GROUP_4 = '224.0.0.251';
const GROUP_6 = 'ff02::fb';
const PORT = 5_353;
/** The question again after this time: multicast over Wi-Fi is lost easily. */
const AGAIN_MS = 800;
/** What anybody may send us at most; more is noise. */
const MAX_PACKETS = 256;
/** Apple's page for captive portals; its whole body holds this word. */
const CAPTIVE = { url: 'http://captive.apple.com/hotspot-detect.html', word: 'Success', bytes: 4_096 };

/** The computer's own network. */
export class RealNetwork implements Network {
  interfaces(): NetInterface[] {
    return Object.entries(networkInterfaces()).flatMap(([name, list]) => {
      const addresses = (list ?? []).flatMap((a): NetAddress[] => {
        if (a.internal || a.cidr === null) return [];
        const prefix = Number(a.cidr.split('/')[1]);
        return [{ address: a.address, family: a.family === 'IPv4' ? 4 : 6, prefix }];
      });
      return addresses.length > 0 ? [{ name, addresses }] : [];
    });
  }

  async ask(query: Uint8Array, on: readonly NetInterface[], ms: number, signal: AbortSignal): Promise<Heard[]> {
    const heard: Heard[] = [];
    const sockets: Socket[] = [];
    const close = () => {
      for (const s of sockets.splice(0)) s.close();
    };
    try {
      for (const i of on) sockets.push(...(await openOn(i, (packet) => heard.length < MAX_PACKETS && heard.push(packet))));
      const send = () => {
        for (const s of sockets) {
          const group = s.address().family === 'IPv6' ? GROUP_6 : GROUP_4;
          s.send(query, PORT, group, () => {});
        }
      };
      send();
      const again = setTimeout(send, AGAIN_MS);
      await new Promise<void>((resolve) => {
        const end = setTimeout(resolve, ms);
        signal.addEventListener(
          'abort',
          () => {
            clearTimeout(end);
            resolve();
          },
          { once: true },
        );
      });
      clearTimeout(again);
      return heard;
    } finally {
      close();
    }
  }

  async reach(host: ReachedHost, ms: number, signal: AbortSignal): Promise<Reached> {
    return await new Promise<Reached>((resolve) => {
      let connected = false;
      const socket: TLSSocket = connectTls({ host, port: 443, servername: host, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
      const end = (reached: Reached) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', give);
        socket.destroy();
        resolve(reached);
      };
      const give = () => end({ outcome: connected ? 'no-tls' : 'no-connection' });
      const timer = setTimeout(give, ms);
      signal.addEventListener('abort', give, { once: true });
      socket.once('connect', () => {
        connected = true;
      });
      socket.once('error', (e: NodeJS.ErrnoException) => {
        const unknownName = e.code === 'ENOTFOUND' || e.code === 'EAI_AGAIN' || e.code === 'EAI_NODATA';
        end({ outcome: unknownName ? 'no-name' : connected ? 'no-tls' : 'no-connection' });
      });
      socket.once('secureConnect', () => {
        const issuer = socket.getPeerCertificate().issuer as { O?: string | string[]; CN?: string | string[] } | undefined;
        const named = issuer?.O ?? issuer?.CN;
        end({ outcome: 'ok', issuer: (Array.isArray(named) ? named[0] : named) ?? null, publiclyTrusted: socket.authorized });
      });
    });
  }

  async captive(ms: number, signal: AbortSignal): Promise<boolean | null> {
    return await new Promise<boolean | null>((resolve) => {
      const request = get(CAPTIVE.url, { timeout: ms, signal }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > CAPTIVE.bytes) end(true);
        });
        response.on('end', () => end(!(response.statusCode === 200 && body.includes(CAPTIVE.word))));
      });
      const end = (captive: boolean | null) => {
        request.destroy();
        resolve(captive);
      };
      request.on('timeout', () => end(null));
      request.on('error', () => end(null));
    });
  }
}

/** One socket for each family that the interface has an address of; a family that the system does not let us use is left out. */
async function openOn(i: NetInterface, heard: (packet: Heard) => void): Promise<Socket[]> {
  const four = i.addresses.find((a) => a.family === 4);
  const six = i.addresses.find((a) => a.family === 6 && a.address.startsWith('fe80'));
  const open = [
    four ? bound('udp4', four.address, (s) => s.setMulticastInterface(four.address)) : null,
    six ? bound('udp6', '::', (s) => s.setMulticastInterface(`::%${i.name}`)) : null,
  ];
  const sockets = (await Promise.all(open)).filter((s) => s !== null);
  for (const s of sockets) s.on('message', (bytes, { address }) => heard({ interface: i.name, from: address, bytes }));
  return sockets;
}

async function bound(type: 'udp4' | 'udp6', address: string, prepare: (s: Socket) => void): Promise<Socket | null> {
  const socket = createSocket({ type, ipv6Only: type === 'udp6' });
  return await new Promise<Socket | null>((resolve) => {
    const failed = () => {
      socket.close();
      resolve(null);
    };
    socket.once('error', failed);
    socket.bind(0, address, () => {
      socket.off('error', failed);
      socket.on('error', () => {});
      try {
        socket.setMulticastTTL(255);
        prepare(socket);
        resolve(socket);
      } catch {
        failed();
      }
    });
  });
}
