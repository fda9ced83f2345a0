import { z } from 'zod';
import { bytes, count, instant, skew } from '../measures.js';
import { text } from '../text.js';

const code = z.int().min(-2_147_483_648).max(4_294_967_295).nullable();

/** The fourth rung: whether phone and computer know each other. */
export const TRUST_KINDS = {
  /** Metadata of the pair record, never its contents. `absent`: the multiplexer has none for this phone. */
  'pair-record': {
    subject: 'device',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      /** Names of the keys present; values never leave the computer. */
      keys: z.array(text(64)).max(32),
      bytes: count,
      /** The record's SystemBUID equals the multiplexer's. */
      sameBuid: z.boolean().nullable(),
      complete: z.boolean(),
      /** When the file was written; null where only the multiplexer shows it. */
      writtenAt: instant.nullable().optional(),
      /** When its certificates end. */
      endsAt: instant.nullable().optional(),
    }),
  },
  /** The folder of the pair records. `absent`: there is none. */
  'record-store': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      /** The multiplexer's account may write there, as far as owner, mode, flags and file system tell. */
      writable: z.boolean().nullable(),
      /** Owner and mode are the ones the system ships. */
      asShipped: z.boolean().nullable(),
      freeBytes: bytes.nullable(),
      records: count.nullable(),
      /** Records that carry another SystemBUID than this computer's. */
      otherBuid: count.nullable(),
      /** When the computer's own identity (SystemConfiguration.plist) was written. */
      identityAt: instant.nullable(),
    }),
  },
  /** StartSession on the existing record. `absent`: there is no record to try. */
  'trust-session': {
    subject: 'device',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      outcome: z.enum(['accepted', 'refused', 'tls-failed', 'impostor']),
      /** lockdownd's own word, such as `InvalidHostID`, and its number in libimobiledevice's table, such as -21. */
      error: text(64).nullable(),
      code,
    }),
  },
  /** What the phone answered when it was last asked to pair, by a fix only. Probes never pair. */
  'pairing-attempt': {
    subject: 'device',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      outcome: z.enum(['accepted', 'pending', 'denied', 'locked', 'refused', 'no-answer']),
      error: text(64).nullable(),
      code,
    }),
  },
  /** Values that lockdownd gives without trust. */
  'device-values': {
    subject: 'device',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      name: text(255),
      productType: text(32),
      productVersion: text(32),
      buildVersion: text(32),
      deviceClass: text(32),
      /** What the phone asks of the other side (MinMacOSVersion, MinITunesVersion). */
      minMacos: text(32).nullable().optional(),
      minItunes: text(32).nullable().optional(),
    }),
  },
  /** PasswordProtected: locked now. Phones may refuse it without a session; then it is `failed`. */
  'passcode-lock': {
    subject: 'device',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({ locked: z.boolean() }),
  },
  /** ActivationState. */
  activation: {
    subject: 'device',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({ activated: z.boolean(), state: text(32) }),
  },
  /** Who rules over the phone, read inside a session. */
  supervision: {
    subject: 'device',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      supervised: z.boolean().nullable(),
      organisation: text(128).nullable(),
      /** A restriction of the phone forbids pairing with computers outside its organisation (allowHostPairing). */
      pairingRestricted: z.boolean().nullable(),
    }),
  },
  /** How far the phone's clock is off the computer's. */
  'device-clock': {
    subject: 'device',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({ skewS: skew }),
  },
} as const;
