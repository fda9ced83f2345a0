import type { Case } from './case.js';
import { CLAIMS } from './claims.js';
import { COMBINATIONS_ABOVE } from './combinations-above.js';
import { COMBINATIONS_LINK } from './combinations-link.js';
import { STORIES } from './combinations-stories.js';
import { COMBINATIONS_TRUST } from './combinations-trust.js';
import { CONTRADICTIONS } from './contradictions.js';
import { GATES } from './gates.js';
import { MISSING_ABOVE } from './missing-above.js';
import { MISSING_CONNECTION } from './missing-connection.js';
import { MODES } from './modes.js';
import { MUX } from './mux.js';
import { NETWORK_APPLE } from './network-apple.js';
import { NETWORK_WIFI } from './network-wifi.js';
import { SERVICES } from './services.js';
import { SOFTWARE_AGE } from './software-age.js';
import { SOFTWARE_NEEDS } from './software-needs.js';
import { SYNC } from './sync.js';
import { TRUST_ASKED } from './trust-asked.js';
import { TRUST_POLICY } from './trust-policy.js';
import { TRUST_RECORD } from './trust-record.js';
import { TRUST_SETUP } from './trust-setup.js';
import { USB_LINK } from './usb-link.js';
import { USB_PLACE } from './usb-place.js';
import { USB_SILENCE } from './usb-silence.js';
import { USB_SILENCE_UNKNOWN } from './usb-silence-unknown.js';
import { WINDOWS_DRIVERS } from './windows-drivers.js';
import { WINDOWS_SERVICES } from './windows-services.js';

export * from './case.js';
export { catalogueOf, FRESH_CATALOGUE, preparedFor, STALE_CATALOGUE } from './catalogue.js';
export { toInput } from './input.js';
export { CORPUS_NOW } from './moments.js';
export { CLAIMED, diagnoseCase, type Verdict, verdictOf } from './verdict.js';

/** The cases by group. */
export const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  gates: GATES,
  modes: MODES,
  usb: [...USB_SILENCE, ...USB_SILENCE_UNKNOWN, ...USB_LINK, ...USB_PLACE],
  claims: CLAIMS,
  mux: [...WINDOWS_DRIVERS, ...WINDOWS_SERVICES, ...MUX],
  trust: [...TRUST_POLICY, ...TRUST_RECORD, ...TRUST_ASKED, ...TRUST_SETUP],
  software: [...SOFTWARE_NEEDS, ...SOFTWARE_AGE],
  network: [...NETWORK_WIFI, ...NETWORK_APPLE],
  services: SERVICES,
  sync: SYNC,
  combinations: [...STORIES, ...COMBINATIONS_LINK, ...COMBINATIONS_TRUST, ...COMBINATIONS_ABOVE],
  'missing-probes': [...MISSING_CONNECTION, ...MISSING_ABOVE],
  contradictions: CONTRADICTIONS,
};

/** Every case. */
export const CORPUS: readonly Case[] = Object.values(GROUPS).flat();
