import { z } from 'zod';
import { bytes, count, instant, percent, seconds } from '../measures.js';
import { text } from '../text.js';

/** The highest rung: whether the last backup really ended, and whether the next one can. */
export const SYNC_KINDS = {
  /** The last backup of this phone on this computer, from its Status, Info and Manifest files. `absent`: there is none. */
  backup: {
    subject: 'device',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      snapshot: z.enum(['finished', 'uploading', 'moving', 'removing', 'new', 'unknown']),
      /** When it was made. */
      at: instant.nullable(),
      full: z.boolean().nullable(),
      encrypted: z.boolean().nullable(),
      manifest: z.boolean().nullable(),
      productVersion: text(32).nullable(),
    }),
  },
  /** A backup or sync under way. `absent`: none. */
  'backup-activity': {
    subject: 'device',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      /** Since the backup folder last grew, s. */
      stalledS: seconds.nullable(),
      waitsForPasscode: z.boolean().nullable(),
      /** The last error number a backup program left, such as 105. */
      lastError: z.int().min(-2_147_483_648).max(4_294_967_295).nullable(),
    }),
  },
  /** Whether backups have to be encrypted, and who wants it (`com.apple.mobile.backup`). */
  'backup-policy': {
    subject: 'device',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({ encrypts: z.boolean().nullable(), required: z.boolean().nullable() }),
  },
  'host-storage': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    /** Of the disk that holds the backups. */
    reading: z.object({ freeBytes: bytes, totalBytes: bytes }),
  },
  'device-storage': {
    subject: 'device',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({ freeBytes: bytes, totalBytes: bytes }),
  },
  battery: {
    subject: 'device',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      percent: percent,
      charging: z.boolean().nullable(),
      external: z.boolean().nullable(),
      /** Full charge against design, %. */
      healthPercent: z.number().min(0).max(150).nullable(),
      cycles: count.nullable(),
    }),
  },
} as const;
