/** An address of one of this computer's interfaces. */
export interface NetAddress {
  address: string;
  family: 4 | 6;
  /** Bits of the address that its network shares. */
  prefix: number;
}

/** One of this computer's network interfaces, loopback left out. */
export interface NetInterface {
  name: string;
  addresses: NetAddress[];
}

/** A packet that came in answer to a question on the local network. */
export interface Heard {
  /** The interface it came in on. */
  interface: string;
  /** Who sent it. */
  from: string;
  bytes: Uint8Array;
}

/**
 * Every server outside the fleet that the agent ever contacts, and nothing else: Apple's, from its list of hosts that devices and computers
 * need on enterprise networks (support.apple.com/101555), and one that is not Apple's, to tell "Apple is blocked" from "no internet". On Macs
 * the system's own `sntp` asks time.apple.com besides (commands/macos.ts), on Windows `w32tm` asks time.windows.com (commands/windows.ts).
 */
export const REACHED_HOSTS = {
  'gs.apple.com': 'apple',
  'albert.apple.com': 'apple',
  'gdmf.apple.com': 'apple',
  'mesu.apple.com': 'apple',
  'updates.cdn-apple.com': 'apple',
  'swscan.apple.com': 'apple',
  'swcdn.apple.com': 'apple',
  'humb.apple.com': 'apple',
  'static.ips.apple.com': 'apple',
  'www.iana.org': 'other',
} as const satisfies Record<string, 'apple' | 'other'>;
export type ReachedHost = keyof typeof REACHED_HOSTS;

/** How far a connection to a server on port 443 got, and who signed for it. */
export type Reached =
  | { outcome: 'no-name' | 'no-connection' | 'no-tls' }
  | {
      outcome: 'ok';
      /** The organisation (O, else CN) of the certificate's issuer. */
      issuer: string | null;
      /** The chain ends in one of the authorities that browsers know. */
      publiclyTrusted: boolean;
    };

/**
 * The network as probes may use it: questions to everybody on the local network, and connections to a fixed list of servers. Nothing is
 * sent to them but a TLS hello. An agent that is given none (labs, tests, a single look) asks nobody.
 */
export interface Network {
  interfaces(): NetInterface[];
  /** Sends a multicast DNS question on these interfaces from a port of its own, twice, and gathers what is answered for `ms`. */
  ask(query: Uint8Array, on: readonly NetInterface[], ms: number, signal: AbortSignal): Promise<Heard[]>;
  reach(host: ReachedHost, ms: number, signal: AbortSignal): Promise<Reached>;
  /** Whether a captive portal stands in front: null when the page that tells did not come. */
  captive(ms: number, signal: AbortSignal): Promise<boolean | null>;
}
