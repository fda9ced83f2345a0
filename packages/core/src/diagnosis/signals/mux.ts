import { current } from '../current.js';
import { type Tri, tri } from '../tri.js';
import { blind, failed, from, type Signal } from './signal.js';

/** Apple's programs that bring a multiplexer to Windows. */
const STACKS: ReadonlySet<string> = new Set(['itunes', 'itunes-store', 'apple-devices', 'mobile-device-support']);
const STORE_STACKS: ReadonlySet<string> = new Set(['itunes-store', 'apple-devices']);
const CLASSIC_STACKS: ReadonlySet<string> = new Set(['itunes', 'mobile-device-support']);

interface Item {
  id: string;
  bits: 32 | 64 | null;
}
const some = (items: readonly Item[], ids: ReadonlySet<string>) => items.some((i) => ids.has(i.id));

/** The third rung's signals. */
export const MUX_SIGNALS = {
  /** Nobody listens on the multiplexer's socket. */
  'mux.closed': {
    kind: 'mux-daemon',
    read: (i): Tri => {
      const f = current(i, 'mux-daemon');
      if (f?.state === 'absent') return 'yes';
      if (f?.state !== 'seen' || f.reading.socket === null) return 'unknown';
      return tri(f.reading.socket === 'missing' || f.reading.socket === 'refused');
    },
  },
  'mux.answers': from('mux-daemon', (r) => (r.socket === null ? null : r.socket === 'answering'), 'no'),
  'mux.not-running': from('mux-daemon', (r) => (r.state === null ? null : r.state !== 'running' && r.state !== 'starting'), 'yes'),
  'mux.disabled': from('mux-daemon', (r) => (r.state === null ? null : r.state === 'disabled'), 'no'),
  'mux.suspended': from('mux-daemon', (r) => r.suspended ?? null, 'no'),
  'mux.crashes': from('mux-daemon', (r) => (r.crashes24h === null || r.crashes24h === undefined ? null : r.crashes24h >= 3), 'no'),
  /** Nothing of the service is installed. */
  'mux.absent': {
    kind: 'mux-daemon',
    read: (i): Tri => {
      const f = current(i, 'mux-daemon');
      return f === null || f.state === 'failed' ? 'unknown' : tri(f.state === 'absent');
    },
  },
  /** The list was read. */
  'list.read': {
    kind: 'mux-list',
    read: (i): Tri => {
      const f = current(i, 'mux-list');
      return f ? tri(f.state === 'seen') : 'unknown';
    },
  },
  'list.any': from('mux-list', (r) => r.devices.length > 0),
  'phone.listed': from('mux-device', () => true, 'no'),
  'phone.over-wifi': from('mux-device', (r) => r.connection === 'network' || r.alsoNetwork, 'no'),
  /** Listed over Wi-Fi only. */
  'phone.wifi-only': from('mux-device', (r) => r.connection === 'network', 'no'),
  'history.preflight-dropped': from('mux-history', (r) => r.preflightDropped, 'no'),
  'history.claim-failed': from('mux-history', (r) => r.claimFailed, 'no'),
  'history.record-removed': from('mux-history', (r) => r.recordRemoved > 0, 'no'),
  /** The daemon threw the record away three times: a loop that no new record ends. */
  'history.record-loop': from('mux-history', (r) => r.recordRemoved >= 3, 'no'),
  /** Nobody listens on 27015. */
  'port.free': {
    kind: 'mux-port',
    read: (i): Tri => {
      const f = current(i, 'mux-port');
      return f === null || f.state === 'failed' ? 'unknown' : tri(f.state === 'absent');
    },
  },
  'port.foreign': from('mux-port', (r) => (r.owner.apple === null ? (r.forwarded ?? null) : !r.owner.apple || r.forwarded === true), 'no'),
  /** Apple's own process owns it, started in another person's session. */
  'port.other-session': from(
    'mux-port',
    (r) => (r.owner.inFront === null || r.owner.inFront === undefined ? null : r.owner.apple === true && !r.owner.inFront),
    'no',
  ),
  'port.apple': from('mux-port', (r) => (r.owner.apple === null ? null : r.owner.apple && r.forwarded !== true), 'no'),
  /** lockdownd answered QueryType as a booted phone. */
  'lockdown.answers': from('lockdown', (r) => r.type === 'com.apple.mobile.lockdown'),
  /** It answers as the restore system: the phone is being updated or restored. */
  'lockdown.restored': from('lockdown', (r) => r.type === 'com.apple.mobile.restored'),
  /** The tunnel stands and nobody answers in it, or it is refused. */
  'lockdown.silent': failed('lockdown', 'timeout', 'refused', 'closed', 'unreachable'),
  'lockdown.garbled': failed('lockdown', 'garbage'),
  'stack.blind': blind('apple-software'),
  /** Apple's software for phones is on this PC. */
  'stack.any': from('apple-software', (r) => (some(r.items, STACKS) ? true : r.whole ? false : null)),
  'stack.store': from('apple-software', (r) => (some(r.items, STORE_STACKS) ? true : r.whole ? false : null)),
  'stack.classic': from('apple-software', (r) => (some(r.items, CLASSIC_STACKS) ? true : r.whole ? false : null)),
  /** Two of Apple's programs that bring a stack beside each other, or both widths of the classic one. */
  'stack.mixed': from('apple-software', (r) => {
    const widths = new Set(r.items.filter((i) => CLASSIC_STACKS.has(i.id) && i.bits !== null).map((i) => i.bits));
    const apps = new Set(r.items.filter((i) => STACKS.has(i.id)).map((i) => (i.id === 'mobile-device-support' ? 'itunes' : i.id)));
    if (apps.size > 1 || widths.size > 1) return true;
    return r.whole ? false : null;
  }),
} as const satisfies Record<string, Signal>;
