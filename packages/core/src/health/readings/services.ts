import { z } from 'zod';
import { bytes, count, instant, percent, seconds } from '../measures.js';
import { text } from '../text.js';

/** The seventh rung: the programs that find, sync and update phones. */
export const SERVICES_KINDS = {
  /** StartService of a harmless service inside a trusted session. `absent`: no session to ask in. */
  'service-start': {
    subject: 'device',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      service: text(96),
      outcome: z.enum(['started', 'refused']),
      error: text(64).nullable(),
      code: z.int().min(-2_147_483_648).max(4_294_967_295).nullable(),
    }),
  },
  /** The agents of the signed-in person that show and sync phones. */
  'sync-agents': {
    subject: 'host',
    pace: 'slow',
    on: ['macos', 'windows'],
    reading: z.object({
      agents: z
        .array(
          z.object({
            /** `AMPDeviceDiscoveryAgent`, `AMPDevicesAgent`, `MobileDeviceUpdater`, `iTunesHelper` … */
            name: text(64),
            /** `idle`: it is started when needed. `suspended`: a tool holds it (state T). */
            state: z.enum(['running', 'idle', 'suspended', 'disabled', 'missing']),
            pid: count.nullable(),
            /** It is disabled by a profile, which no agent can undo. */
            managed: z.boolean(),
            crashes24h: count.nullable(),
            /** Whether it wrote down that the phone came, since the phone came last. */
            sawPhone: z.boolean().nullable(),
          }),
        )
        .max(16),
    }),
  },
  /** Preferences that make a healthy phone invisible. */
  'hiding-preferences': {
    subject: 'host',
    pace: 'slow',
    on: ['macos'],
    reading: z.object({
      preferences: z.array(z.object({ domain: text(96), key: text(96), managed: z.boolean() })).max(32),
      /** Finder's sidebar shows phones. */
      sidebar: z.boolean().nullable(),
    }),
  },
  /** What the computer's own history says about this phone: never used as its current state. `absent`: it is in no history. */
  'device-history': {
    subject: 'device',
    pace: 'slow',
    on: ['macos', 'windows'],
    reading: z.object({ productVersion: text(32).nullable(), writtenAt: instant.nullable() }),
  },
  /** Apple Configurator and its command line tool. `absent`: not installed. */
  configurator: {
    subject: 'host',
    pace: 'slow',
    on: ['macos'],
    reading: z.object({
      running: z.boolean().nullable(),
      tool: z.enum(['answers', 'hangs', 'fails', 'missing']),
      devices: z.array(z.object({ ecid: text(24), mode: text(32).nullable() })).max(64),
    }),
  },
  /** Programs that update or restore a phone right now, and what the last one left in its log. */
  'updater-activity': {
    subject: 'host',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      programs: z
        .array(z.enum(['finder', 'cfgutil', 'configurator', 'apple-devices', 'itunes', 'idevicerestore', 'mobile-device-updater']))
        .max(8),
      /** Since the restore log was last written to, s; null without a log. */
      logAgeS: seconds.nullable(),
      /** The last restore's error number, such as 4013. */
      lastError: z.int().min(-2_147_483_648).max(4_294_967_295).nullable(),
      lastErrorAt: instant.nullable(),
    }),
  },
  /**
   * What was collected about a phone because somebody asked for it (F48): by a fix alone, at that moment. Names, numbers and addresses are
   * taken out of the lines on the computer itself.
   */
  evidence: {
    subject: 'device',
    pace: 'slow',
    on: ['macos'],
    reading: z.object({
      /** What Configurator tells of the phone; null when it tells nothing. */
      configurator: z
        .object({
          mode: text(32).nullable(),
          model: text(32).nullable(),
          version: text(32).nullable(),
          build: text(32).nullable(),
          activation: text(32).nullable(),
          paired: z.boolean().nullable(),
          supervised: z.boolean().nullable(),
          restorable: z.boolean().nullable(),
          locked: z.boolean().nullable(),
          batteryPercent: percent.nullable(),
          freeBytes: bytes.nullable(),
        })
        .nullable(),
      /** Ends of logs, oldest line first: of the last update or restore, and of the programs that find and sync phones. */
      logs: z.array(z.object({ source: z.enum(['updater', 'agents']), lines: z.array(text(200)).max(40) })).max(2),
    }),
  },
} as const;
