import type { Reading } from '../src/health/index.js';
import { type Change, h } from './given.js';
import { ago, DAY } from './moments.js';
import { programs, usb, values } from './states.js';

/** The phone is of this model and runs this version. What the computer's history said of it goes along. */
export const runs = (productType: string, productVersion: string, buildVersion: string): readonly Change[] => [
  values({ productType, productVersion, buildVersion }),
  usb({ modelHint: productType }),
  (so) => ({
    device: {
      ...(so.device?.['device-history'] !== undefined && { 'device-history': { productVersion, writtenAt: ago(3 * DAY) } }),
      backup: { ...(so.device?.backup as Reading<'backup'>), productVersion },
    },
  }),
];

export const macos = (version: string, build: string, model: string): Change[] => [
  h('host-os', { version, build, model }),
  h('agent-self', { osVersion: version }),
];

export const framework = (version: string) => programs([{ id: 'mobile-device-framework', version, bits: null }]);

export const ITUNES = { id: 'itunes', version: '12.13.11.1', bits: 64 } as const;

export const SUPPORT = { id: 'mobile-device-support', version: '19.4.0.10', bits: 64 } as const;

export const BONJOUR = { id: 'bonjour', version: '3.1.0.1', bits: 64 } as const;
