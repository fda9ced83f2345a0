import type { FactKind, Reading } from '../health/index.js';
import type { CurrentFact } from './shapes.js';

type Say = { [K in FactKind]: (reading: Reading<K>) => string };

const refusal = (error: string | null, code: number | null) => (error === null ? '' : code === null ? error : `${error} (${code})`);

/** Each kind's reading in the field's own terms, as a rung shows it. */
const SAY: Say = {
  'agent-self': (r) => `agent ${r.agent} · ${r.osVersion}${r.privileged ? '' : ' · no administrator rights'}${r.lab ? ' · lab' : ''}`,
  'usb-bus': (r) => `${r.devices.length} Apple ${r.devices.length === 1 ? 'device' : 'devices'} on the bus`,
  'usb-device': (r) =>
    [
      r.mode === 'normal' ? null : r.mode,
      r.speedMbps === null ? null : `${r.speedMbps} Mb/s`,
      `port ${r.location}`,
      r.hubDepth > 0 ? `${r.hubDepth} hub${r.hubDepth > 1 ? 's' : ''}` : null,
    ]
      .filter((s) => s !== null)
      .join(' · '),
  'mux-daemon': (r) =>
    [r.state, r.pid === null ? null : `pid ${r.pid}`, r.socket === null ? null : `socket ${r.socket}`]
      .filter((s) => s !== null)
      .join(' · '),
  'mux-list': (r) => `lists ${r.devices.length}`,
  'mux-device': (r) => `listed over ${r.connection === 'usb' ? 'USB' : 'Wi-Fi'}${r.alsoNetwork ? ' and Wi-Fi' : ''}`,
  lockdown: (r) => `${r.type} · ${Math.round(r.latencyMs)} ms`,
  'pair-record': (r) => `record present${r.complete ? '' : ', incomplete'}${r.sameBuid === false ? ', other SystemBUID' : ''}`,
  'trust-session': (r) => (r.outcome === 'accepted' ? 'session accepted' : refusal(r.error, r.code) || r.outcome),
  'pairing-attempt': (r) => `asked: ${refusal(r.error, r.code) || r.outcome}`,
  'device-values': (r) => `iOS ${r.productVersion} (${r.buildVersion}) · ${r.productType}`,
  'passcode-lock': (r) => (r.locked ? 'locked' : 'unlocked'),
  'service-start': (r) => (r.outcome === 'started' ? `${r.service} started` : `${r.service}: ${refusal(r.error, r.code) || 'refused'}`),
};

const ABSENT: Partial<Record<FactKind, string>> = {
  'usb-device': 'not on the bus',
  'mux-device': 'not in the list',
  'mux-daemon': 'not installed',
  'pair-record': 'no record',
  'trust-session': 'no record to open a session with',
  'service-start': 'no session to ask in',
};

/** A fact in the field's own terms; empty when there is none. */
export function readingOf(fact: CurrentFact | undefined | null): string {
  if (!fact) return '';
  if (fact.state === 'failed') return `could not be read: ${fact.reason}`;
  if (fact.state === 'absent') return ABSENT[fact.kind] ?? 'absent';
  return (SAY[fact.kind] as (r: unknown) => string)(fact.reading);
}

/** What the server counted of connections that took each other's place, newest first, ms. */
export function takeoversRead(takeovers: readonly number[]): string {
  const [last, ...earlier] = takeovers;
  const first = earlier.at(-1);
  if (last === undefined) return 'no connection was taken over';
  if (first === undefined) return 'a connection was taken over once';
  return `${takeovers.length} takeovers of a living connection within ${Math.round((last - first) / 1000)} s`;
}
