import { z } from 'zod';
import { count, percent } from '../measures.js';
import { text } from '../text.js';

/** The sixth rung: Wi-Fi sync, names on the network, and Apple's servers. */
export const NETWORK_KINDS = {
  /** The responder for names on the local network (mDNSResponder, Bonjour Service, avahi). `absent`: not installed. */
  'mdns-responder': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      state: z.enum(['running', 'stopped', 'disabled']).nullable(),
      /** Whether a browse heard anybody else's service. */
      hearsOthers: z.boolean().nullable(),
    }),
  },
  /** This phone's `_apple-mobdev2._tcp`. `absent`: a browse that hears others does not hear it. */
  'wifi-advert': {
    subject: 'device',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      /** The address in its name equals the record's WiFiMACAddress. */
      addressMatches: z.boolean().nullable(),
      /** One of its authTags fits this computer's record (iOS 26.4 and later). */
      tagMatches: z.boolean().nullable(),
      sameSubnet: z.boolean().nullable(),
    }),
  },
  /** EnableWifiConnections of `com.apple.mobile.wireless_lockdown`, read inside a session. */
  'wifi-sync': {
    subject: 'device',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({ enabled: z.boolean(), supported: z.boolean().nullable() }),
  },
  /** Through what the agent itself reaches its server, and whether a tunnel stands in between. */
  'own-route': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      interface: text(64),
      via: z.enum(['wired', 'wifi', 'phone', 'tunnel', 'other']),
      /** Tunnels that are up. */
      tunnels: z.array(text(64)).max(16),
      /** A phone's interface (a hotspot over USB) has a route: what is not plainly a wire or a radio may run over it. */
      phoneRoute: z.boolean().nullable().optional(),
      /** A tunnel swallows what is meant for the local network. */
      tunnelTakesLocal: z.boolean().nullable(),
    }),
  },
  firewall: {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      blocksAll: z.boolean().nullable(),
      /** Windows calls the network public: it answers no local names there. */
      publicNetwork: z.boolean().nullable(),
      /** Names on the local network (UDP 5353) may come in. */
      mdnsAllowed: z.boolean().nullable(),
    }),
  },
  /** Lines of the hosts file that send Apple's names elsewhere. */
  'hosts-file': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({ appleLines: count, names: z.array(text(255)).max(32) }),
  },
  /** Apple's servers for signing, activation and updates. */
  'apple-hosts': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      hosts: z
        .array(
          z.object({
            host: text(128),
            outcome: z.enum(['ok', 'no-name', 'no-connection', 'no-tls']),
            /** Who signed its certificate: Apple or a public authority, or somebody in between. */
            issuer: z.enum(['apple', 'public', 'private']).nullable(),
          }),
        )
        .max(32),
      /** Something else on the internet answers. */
      othersReachable: z.boolean().nullable(),
      captive: z.boolean().nullable(),
    }),
  },
  /** The service that tells where the computer is. */
  'location-daemon': {
    subject: 'host',
    pace: 'slow',
    on: ['macos', 'windows'],
    reading: z.object({ cpuPercent: percent.nullable(), crashes24h: count.nullable(), running: z.boolean().nullable() }),
  },
} as const;
