import type { Reading } from '../src/health/index.js';
import { type Change, d, h } from './given.js';
import { ago, DAY, HOUR, MINUTE } from './moments.js';
import { noMux, programs, syncAgent } from './states.js';

/** Faults that stay true whatever is repaired below or above them. */
export const diskFull: Change = { host: { 'host-storage': { freeBytes: 2_000_000_000, totalBytes: 500_000_000_000 } } };
export const outdatedPhone: Change = (so) => ({
  device: {
    'device-values': { ...(so.device?.['device-values'] as Reading<'device-values'>), productVersion: '26.4', buildVersion: '23E246' },
    ...(so.device?.['device-history'] && { 'device-history': { productVersion: '26.4', writtenAt: ago(3 * DAY) } }),
  },
});
export const outdatedMac: Change = h('host-os', { version: '26.4', build: '25E240' });
export const oldMac: Change = h('host-os', { version: '13.7.8', build: '22H730', model: 'Mac-77F17D7DA9285301' });
export const hostsLine: Change = h('hosts-file', { appleLines: 1, names: ['gs.apple.com'] });
export const crashing: Change = syncAgent('AMPDevicesAgent', { crashes24h: 7 });
export const interrupted: Change = d('backup', { snapshot: 'uploading', at: ago(9 * HOUR) });
export const wifiOff: Change = d('wifi-sync', { enabled: false });
export const oldItunes: Change = programs([
  { id: 'itunes', version: '12.10.11.2', bits: 64 },
  { id: 'mobile-device-support', version: '14.1.0.35', bits: 64 },
  { id: 'bonjour', version: '3.1.0.1', bits: 64 },
]);
export const serviceStopped: readonly Change[] = [
  noMux({ state: 'stopped', socket: 'refused' }, 'refused'),
  { host: { 'mux-port': 'absent' } },
];
export const restartDue: Change = h('pending-restart', { pending: true, reasons: ['component-servicing', 'windows-update'], sinceS: DAY });
export const hotspot: Change = h('own-route', { interface: 'en7', via: 'phone' });
export const blockedHosts =
  (...names: string[]): Change =>
  (so) => {
    const before = so.host['apple-hosts'] as Reading<'apple-hosts'>;
    const hosts = before.hosts.map((one) => (names.includes(one.host) ? { ...one, outcome: 'no-connection' as const, issuer: null } : one));
    return { host: { 'apple-hosts': { ...before, hosts } } };
  };
export const inspected: Change = (so) => {
  const before = so.host['apple-hosts'] as Reading<'apple-hosts'>;
  return { host: { 'apple-hosts': { ...before, hosts: before.hosts.map((one) => ({ ...one, issuer: 'private' as const })) } } };
};
export const restoreError = (lastError: number): Change =>
  h('updater-activity', { lastError, lastErrorAt: ago(15 * MINUTE), logAgeS: 900 });
