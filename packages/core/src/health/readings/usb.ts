import { z } from 'zod';
import { Udid } from '../identities.js';
import { count, instant, seconds } from '../measures.js';
import { text } from '../text.js';

/** What Windows binds to a device node. */
const Driver = z.object({
  /** The service, such as `usbccgp`, `WINUSB`, `USBAAPL64`. */
  service: text(64).nullable(),
  inf: text(64).nullable(),
  version: text(32).nullable(),
  /** Made by Apple (or, for the composite node, by Microsoft): false for Zadig's and other foreign drivers. */
  apple: z.boolean().nullable(),
});

/** One Apple device on the USB bus, as the operating system lists it. */
export const UsbDeviceReading = z.object({
  /** From the product id: normal 0x1290-0x12af, recovery 0x1280-0x1283, DFU 0x1227/0x1222/0xf014, restore 0x1901-0x1905. */
  mode: z.enum(['normal', 'recovery', 'dfu', 'restore', 'other']),
  vendorId: count,
  productId: count,
  /** Negotiated speed in Mbit/s; null when the system does not say. */
  speedMbps: z.number().min(0).max(1_000_000).nullable(),
  /** Where it hangs, in the system's own term: `1-2.3` on Linux, `0x14230000` on macOS. */
  location: text(64),
  /** Hubs between the computer's own port and the device. */
  hubDepth: z.int().min(0).max(16),
  /** Bus address: grows at every attach on Linux. */
  address: count.nullable(),
  /** Whether the 255/254/2 interface that the multiplexer needs is offered; null when interfaces could not be read. */
  muxInterface: z.boolean().nullable(),
  /** Model read from bcdDevice (`iPhone14,5`): a hint, overruled by lockdown. */
  modelHint: text(32).nullable(),
  /** Current the port grants, mA. A phone asks for 500. */
  powerMa: count.nullable().optional(),
  /** What the system writes anew at every enumeration (macOS: registry entry id, Windows: last arrival). */
  attachId: text(40).nullable().optional(),
  /** Hubs above it, nearest first, as `vid:pid` in hex. */
  hubs: z.array(text(9)).max(16).optional(),
  /** Linux lets a device be refused (usbguard): `authorized` is 0 then. */
  authorized: z.boolean().nullable().optional(),
  /** Windows: the configuration manager's problem code of the device node, 0 for none. */
  problemCode: count.nullable().optional(),
  driver: Driver.nullable().optional(),
  /** Windows: the node of the multiplexer's interface (MI_01). */
  muxNode: z
    .object({ state: z.enum(['ok', 'missing', 'problem']), code: count.nullable(), driver: Driver.nullable() })
    .nullable()
    .optional(),
});

/** The second rung: what the bus shows and what its logs tell. */
export const USB_KINDS = {
  /** Every Apple phone or pad on the bus. */
  'usb-bus': {
    subject: 'host',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({ devices: z.array(UsbDeviceReading.extend({ udid: Udid.nullable(), ecid: text(24).nullable() })).max(64) }),
  },
  /** This phone on the bus. `absent`: the bus was read and it is not there. */
  'usb-device': { subject: 'device', pace: 'steady', on: ['linux', 'macos', 'windows'], reading: UsbDeviceReading },
  /** What failed on the bus within the window, from kernel or event log: things that never became a device. */
  'usb-failures': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      windowS: seconds,
      /** Enumerations that failed (descriptor, address, configuration, reset): Windows VID_0000, Linux error -71/-110, macOS "persistent enumeration". */
      enumeration: count,
      overCurrent: count,
      /** A host controller died or dropped all its devices. */
      controllerDied: count,
      /** Removals that nobody asked for (Windows event 1010). */
      surpriseRemovals: count,
      /** Where enumerations failed, most failures first. */
      places: z.array(z.object({ location: text(64), failures: count })).max(16),
    }),
  },
  /** How often this phone came and went within the window, what the computer caused itself left out. */
  'usb-churn': {
    subject: 'device',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      windowS: seconds,
      attaches: count,
      detaches: count,
      /** Shortest time between two attaches, s; null with fewer than two. */
      shortestS: seconds.nullable(),
      /** Different places it hung at. */
      places: count,
      /** Detaches after at least three minutes without traffic. */
      afterIdle: count,
      /** Detaches at which other devices of the same hub went within 3 s. */
      withSiblings: count,
    }),
  },
  /** Sockets of a Mac with USB-C: power but no data, transport restricted until the accessory is approved. */
  'usb-ports': {
    subject: 'host',
    pace: 'slow',
    on: ['macos'],
    reading: z.object({
      ports: z
        .array(
          z.object({
            place: text(64),
            connected: z.boolean(),
            data: z.boolean().nullable(),
            power: z.boolean().nullable(),
            /** The transport is held back until a person approves (TransportRestricted). */
            restricted: z.boolean().nullable(),
          }),
        )
        .max(16),
    }),
  },
  /** A Mac laptop's "Allow accessories to connect". `absent`: this Mac has no such setting. */
  'accessory-policy': {
    subject: 'host',
    pace: 'slow',
    on: ['macos'],
    reading: z.object({
      policy: z.enum(['ask-new', 'ask-every-time', 'when-unlocked', 'always']).nullable(),
      managed: z.boolean().nullable(),
    }),
  },
  /** Whether the system switches idle USB ports off. */
  'usb-power': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'windows'],
    reading: z.object({ suspendsIdle: z.boolean().nullable(), hubsMayTurnOff: count.nullable() }),
  },
  /** Policies that keep phones or removable devices out, by whom. */
  'device-control': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      blocks: z
        .array(
          z.object({
            by: z.enum(['group-policy', 'profile', 'usbguard', 'endpoint-agent']),
            rule: text(128),
            covers: z.enum(['phones', 'removable', 'all', 'unknown']),
          }),
        )
        .max(32),
      /** Installations the system refused because of a policy within the log's window (event 6423, setupapi 0xe0000248). */
      refused: count,
    }),
  },
  /** Programs that take phones away from the multiplexer, or do something to it. */
  claimants: {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      programs: z
        .array(
          z.object({
            kind: z.enum(['virtual-machine', 'usb-redirector', 'phone-manager', 'security']),
            name: text(64),
            /** It holds a phone now, as far as it tells. */
            holdsPhone: z.boolean().nullable(),
          }),
        )
        .max(32),
    }),
  },
  /** When the computer woke and started last. */
  'power-events': {
    subject: 'host',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({ resumedAt: instant.nullable(), startedAt: instant.nullable() }),
  },
} as const;
