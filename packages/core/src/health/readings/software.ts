import { z } from 'zod';
import { text } from '../text.js';

/** Apple's programs and their stand-ins on a computer. */
export const APPLE_SOFTWARE = [
  'itunes',
  'itunes-store',
  'apple-devices',
  'mobile-device-support',
  'bonjour',
  'mobile-device-framework',
  'configurator',
  'xcode',
  'usbmuxd',
  'libimobiledevice',
] as const;

/** The fifth rung: whether versions fit each other. Which is too old is for rules to say. */
export const SOFTWARE_KINDS = {
  /** The computer's system. */
  'host-os': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      name: text(64),
      version: text(32),
      build: text(32).nullable(),
      /** The model as Apple's feeds name it (`Mac15,3`, `J314sAP`); null elsewhere. */
      model: text(64).nullable(),
      /** Windows' edition (`Professional`, `ProfessionalN`). */
      edition: text(64).nullable(),
      arch: text(16),
      /** Whether Windows has its media features: editions called N ship without. */
      mediaFeatures: z.boolean().nullable(),
    }),
  },
  /** Apple's software, or what stands in for it on Linux. */
  'apple-software': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      items: z
        .array(
          z.object({
            id: z.enum(APPLE_SOFTWARE),
            version: text(64).nullable(),
            bits: z.union([z.literal(32), z.literal(64)]).nullable(),
          }),
        )
        .max(32),
      /** Windows: the driver package for phones in the driver store, the newest one. */
      driver: z.object({ inf: text(64), version: text(32).nullable() }).nullable(),
      /** Whether every place was readable: a Store app of another account shows to administrators only. */
      whole: z.boolean(),
    }),
  },
  /** A Mac's updater of its support for newer phones. */
  'device-support': {
    subject: 'host',
    pace: 'slow',
    on: ['macos'],
    reading: z.object({
      /** The system says that a phone needs newer support. */
      required: z.boolean().nullable(),
      offered: z.boolean().nullable(),
      /** Preferences and policies that keep the package away, such as `CatalogURL`. */
      blockedBy: z.array(text(96)).max(16),
    }),
  },
} as const;
