import { z } from 'zod';
import { Udid } from './identities.js';
import { ms } from './measures.js';
import {
  HOST_KINDS,
  MUX_KINDS,
  NETWORK_KINDS,
  SERVICES_KINDS,
  SOFTWARE_KINDS,
  SYNC_KINDS,
  TRUST_KINDS,
  USB_KINDS,
} from './readings/index.js';
import { text } from './text.js';
import type { Os } from './vocabulary.js';

export { APPLE_SOFTWARE, UsbDeviceReading } from './readings/index.js';

/**
 * A fact is what a probe read, unjudged: no severity, no advice, no English. Agents in the field are old; opinions must be
 * mendable tonight on the server.
 */

/** How often a kind is looked at: `steady` ones at least once a minute, `slow` ones at least once an hour. */
export type Pace = 'steady' | 'slow';

interface KindRow {
  subject: 'host' | 'device';
  pace: Pace;
  /** The systems on which a probe can answer it. */
  on: readonly Os[];
  reading: z.ZodType;
}

/** The readings that facts carry, by kind, lowest rung first. A kind's subject is the host or one device. */
export const FACT_KINDS = {
  ...HOST_KINDS,
  ...USB_KINDS,
  ...MUX_KINDS,
  ...TRUST_KINDS,
  ...SOFTWARE_KINDS,
  ...NETWORK_KINDS,
  ...SERVICES_KINDS,
  ...SYNC_KINDS,
} as const satisfies Record<string, KindRow>;

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
