import { z } from 'zod';
import { Udid } from '../identities.js';
import { count, ms, seconds } from '../measures.js';
import { text } from '../text.js';

/** The third rung: the service that talks to phones. */
export const MUX_KINDS = {
  /** The multiplexer: the service, and whether its socket answers. `absent`: not installed. */
  'mux-daemon': {
    subject: 'host',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      /** The service manager's word; `null` where there is none to ask. */
      state: z.enum(['running', 'stopped', 'failed', 'disabled', 'starting']).nullable(),
      pid: count.nullable(),
      restarts: count.nullable(),
      /** Null when nobody asked it: the facts of a recorded service manager's output alone. */
      socket: z.enum(['answering', 'refused', 'missing', 'silent', 'garbage', 'denied']).nullable(),
      latencyMs: ms.nullable(),
      /** Whose it is: launchd's and systemd's usbmuxd, Apple's Windows service, or the process that its Store apps start. */
      flavour: z.enum(['launchd', 'systemd', 'windows-service', 'store-process']).nullable().optional(),
      /** A tool holds it stopped (state T). */
      suspended: z.boolean().nullable().optional(),
      crashes24h: count.nullable().optional(),
    }),
  },
  /** What the multiplexer lists. `failed`: it could not be asked. */
  'mux-list': {
    subject: 'host',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      devices: z.array(z.object({ udid: Udid, connection: z.enum(['usb', 'network']) })).max(64),
      /** Entries whose serial number is no UDID. */
      unreadable: count,
    }),
  },
  /** This phone in the multiplexer's list. `absent`: the list was read and it is not there. */
  'mux-device': {
    subject: 'device',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      connection: z.enum(['usb', 'network']),
      alsoNetwork: z.boolean(),
      /** The multiplexer's word for the place: 32 bits, of which macOS uses all. */
      locationId: z.int().min(0).max(0xffff_ffff).nullable(),
    }),
  },
  /** What the daemon's log tells about this phone within the window. `absent`: the log was read and tells nothing. */
  'mux-history': {
    subject: 'device',
    pace: 'slow',
    on: ['linux', 'macos'],
    reading: z.object({
      windowS: seconds,
      /** The daemon gave the phone up after its preflight and no longer lists it. */
      preflightDropped: z.boolean(),
      /** Another driver or a virtual machine owns its interface. */
      claimFailed: z.boolean(),
      /** The daemon threw the stored record away as invalid. */
      recordRemoved: count,
      /** lockdownd's last error number that the daemon wrote down, such as -8. */
      code: z.int().min(-100_000).max(100_000).nullable(),
    }),
  },
  /** Windows: who listens where Apple's service should, on 127.0.0.1:27015. `absent`: nobody. */
  'mux-port': {
    subject: 'host',
    pace: 'steady',
    on: ['windows'],
    reading: z.object({
      owner: z.object({
        pid: count,
        program: text(255),
        apple: z.boolean().nullable(),
        /** It runs for the session in front (a service does for all); false: in another person's session, which has the phone then. */
        inFront: z.boolean().nullable().optional(),
      }),
      /** A port proxy rule of the system stands in front. */
      forwarded: z.boolean().nullable(),
    }),
  },
  /** lockdownd's QueryType. `failed`: no answer, and why. */
  lockdown: {
    subject: 'device',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({ type: text(64), latencyMs: ms }),
  },
} as const;
