import { z } from 'zod';
import { Udid } from './identities.js';
import { text } from './text.js';

/**
 * A fact is what a probe read, unjudged: no severity, no advice, no English. Agents in the field are old; opinions must be
 * mendable tonight on the server.
 */

const count = z.int().min(0).max(1_000_000_000);
const ms = z.number().min(0).max(86_400_000);

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
});

/** The readings that facts carry, by kind. A kind's subject is the host or one device. */
export const FACT_KINDS = {
  /** The agent about itself. */
  'agent-self': {
    subject: 'host',
    reading: z.object({
      agent: text(32),
      os: z.enum(['linux', 'macos', 'windows']),
      osVersion: text(64),
      arch: text(16),
      hostname: text(255),
      /** Root on POSIX, an elevated token on Windows. */
      privileged: z.boolean(),
      /** Guards against a hostile local listener are relaxed for a loopback lab. */
      lab: z.boolean(),
      uptimeS: count,
      /**
       * Messages that wait in the outbox, how many were dropped because it was full, and how its disk takes writes (`full`: no space
       * left, `failed`: any other error; the messages wait in memory meanwhile).
       */
      outbox: z.object({ waiting: count, dropped: count, disk: z.enum(['ok', 'full', 'failed']).optional() }),
    }),
  },
  /** Every Apple phone or pad on the bus. */
  'usb-bus': {
    subject: 'host',
    reading: z.object({ devices: z.array(UsbDeviceReading.extend({ udid: Udid.nullable(), ecid: text(24).nullable() })).max(64) }),
  },
  /** The multiplexer: the service, and whether its socket answers. `absent`: not installed. */
  'mux-daemon': {
    subject: 'host',
    reading: z.object({
      /** The service manager's word; `null` where there is none to ask. */
      state: z.enum(['running', 'stopped', 'failed', 'disabled', 'starting']).nullable(),
      pid: count.nullable(),
      restarts: count.nullable(),
      /** Null when nobody asked it: the facts of a recorded service manager's output alone. */
      socket: z.enum(['answering', 'refused', 'missing', 'silent', 'garbage', 'denied']).nullable(),
      latencyMs: ms.nullable(),
    }),
  },
  /** What the multiplexer lists. `failed`: it could not be asked. */
  'mux-list': {
    subject: 'host',
    reading: z.object({
      devices: z.array(z.object({ udid: Udid, connection: z.enum(['usb', 'network']) })).max(64),
      /** Entries whose serial number is no UDID. */
      unreadable: count,
    }),
  },
  /** This phone on the bus. `absent`: the bus was read and it is not there. */
  'usb-device': { subject: 'device', reading: UsbDeviceReading },
  /** This phone in the multiplexer's list. `absent`: the list was read and it is not there. */
  'mux-device': {
    subject: 'device',
    reading: z.object({
      connection: z.enum(['usb', 'network']),
      alsoNetwork: z.boolean(),
      /** The multiplexer's word for the place: 32 bits, of which macOS uses all. */
      locationId: z.int().min(0).max(0xffff_ffff).nullable(),
    }),
  },
  /** lockdownd's QueryType. `failed`: no answer, and why. */
  lockdown: { subject: 'device', reading: z.object({ type: text(64), latencyMs: ms }) },
  /** Metadata of the pair record, never its contents. `absent`: the multiplexer has none for this phone. */
  'pair-record': {
    subject: 'device',
    reading: z.object({
      /** Names of the keys present; values never leave the computer. */
      keys: z.array(text(64)).max(32),
      bytes: count,
      /** The record's SystemBUID equals the multiplexer's. */
      sameBuid: z.boolean().nullable(),
      complete: z.boolean(),
    }),
  },
  /** StartSession on the existing record. `absent`: there is no record to try. */
  'trust-session': {
    subject: 'device',
    reading: z.object({
      outcome: z.enum(['accepted', 'refused', 'tls-failed', 'impostor']),
      /** lockdownd's own word, such as `InvalidHostID`, and its number in libimobiledevice's table, such as -21. */
      error: text(64).nullable(),
      code: z.int().nullable(),
    }),
  },
  /** What the phone answered when it was last asked to pair, by fix F11 or F12 only. Probes never pair. */
  'pairing-attempt': {
    subject: 'device',
    reading: z.object({
      outcome: z.enum(['accepted', 'pending', 'denied', 'locked', 'refused', 'no-answer']),
      error: text(64).nullable(),
      code: z.int().nullable(),
    }),
  },
  /** Values that lockdownd gives without trust. */
  'device-values': {
    subject: 'device',
    reading: z.object({
      name: text(255),
      productType: text(32),
      productVersion: text(32),
      buildVersion: text(32),
      deviceClass: text(32),
    }),
  },
  /** PasswordProtected: locked now. Phones may refuse it without a session; then it is `failed`. */
  'passcode-lock': { subject: 'device', reading: z.object({ locked: z.boolean() }) },
  /** StartService of a harmless service inside a trusted session. `absent`: no session to ask in. */
  'service-start': {
    subject: 'device',
    reading: z.object({ service: text(96), outcome: z.enum(['started', 'refused']), error: text(64).nullable(), code: z.int().nullable() }),
  },
} as const satisfies Record<string, { subject: 'host' | 'device'; reading: z.ZodType }>;

export type FactKind = keyof typeof FACT_KINDS;
export type Reading<K extends FactKind> = z.infer<(typeof FACT_KINDS)[K]['reading']>;

/** Why a probe could not read: a word for rules, never a sentence. */
export const FAIL_REASONS = [
  'timeout',
  'refused',
  'closed',
  'garbage',
  'denied',
  'missing-tool',
  'unreachable',
  'too-large',
  'no-session',
  'prohibited',
  'io',
  'unsupported',
  'aborted',
  'crashed',
] as const;
export type FailReason = (typeof FAIL_REASONS)[number];

/** Whom a fact is about. */
export const Subject = z.union([z.literal('host'), z.object({ udid: Udid })]);
export type Subject = z.infer<typeof Subject>;

/** Names of the fact kinds, for schemas of doors. */
export const FACT_KIND_NAMES = Object.keys(FACT_KINDS) as [FactKind, ...FactKind[]];

interface FactBase {
  kind: FactKind;
  subject: Subject;
  /** When it was read, ISO 8601 UTC. */
  at: string;
  /** Which probe read it. */
  probe: string;
  tookMs: number;
}
export type SeenFact<K extends FactKind = FactKind> = FactBase & { kind: K; state: 'seen'; reading: Reading<K> };
export type AbsentFact = FactBase & { state: 'absent' };
export type FailedFact = FactBase & { state: 'failed'; reason: FailReason };
/** What a probe read. */
export type Fact = { [K in FactKind]: SeenFact<K> }[FactKind] | AbsentFact | FailedFact;

const Instant = z.iso.datetime();
const base = { subject: Subject, at: Instant, probe: text(48), tookMs: ms };
const SeenSchema = z.discriminatedUnion(
  'kind',
  FACT_KIND_NAMES.map((kind) =>
    z.object({ ...base, kind: z.literal(kind), state: z.literal('seen'), reading: FACT_KINDS[kind].reading }),
  ) as never,
) as unknown as z.ZodType<Fact & { state: 'seen' }>;
const AbsentSchema = z.object({ ...base, kind: z.enum(FACT_KIND_NAMES), state: z.literal('absent') });
const FailedSchema = z.object({ ...base, kind: z.enum(FACT_KIND_NAMES), state: z.literal('failed'), reason: z.enum(FAIL_REASONS) });

/** Parses one fact at a door: its kind's reading, and a subject that fits the kind. Errors name the field. */
export const Fact: z.ZodType<Fact> = z
  .discriminatedUnion('state', [SeenSchema as never, AbsentSchema, FailedSchema])
  .refine((f) => ((f as Fact).subject === 'host') === (FACT_KINDS[(f as Fact).kind].subject === 'host'), {
    message: 'does not fit the kind',
    path: ['subject'],
  }) as unknown as z.ZodType<Fact>;

/** A stable name of the question a fact answers: one current fact per key and host. */
export function factKey(f: { kind: FactKind; subject: Subject }): string {
  return f.subject === 'host' ? f.kind : `${f.kind}/${f.subject.udid}`;
}
