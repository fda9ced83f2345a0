import type { DiagnosisInput, History } from '../shapes.js';
import { type Tri, tri } from '../tri.js';
import type { Signal } from './signal.js';

const DAY_MS = 86_400_000;
/** How long ago a phone may have been here for the same cable and port to be thought the same. */
const HERE_MS = 30 * DAY_MS;

function remembered<T>(
  what: string,
  pick: (h: History) => T | null | undefined,
  says: (value: T, input: DiagnosisInput) => boolean,
): Signal {
  const of = (i: DiagnosisInput) => (i.history ? pick(i.history) : undefined);
  return {
    kind: null,
    read: (i): Tri => {
      const value = of(i);
      return value === null || value === undefined ? 'unknown' : tri(says(value, i));
    },
    told: (i) => {
      const value = of(i);
      return {
        at: typeof value === 'number' ? value : null,
        reading: value === null || value === undefined ? `${what}: not known` : `${what}: ${said(value)}`,
      };
    },
  };
}

function said(value: unknown): string {
  if (typeof value === 'number') return 'remembered';
  if (Array.isArray(value)) return `${value.length}`;
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([k, v]) => `${k} ${Array.isArray(v) ? v.join(' ') : String(v)}`)
      .join(', ');
  return String(value);
}

type Tried = NonNullable<History['tried']>;
const within = (tried: Tried, fix: string, ms: number, now: number) => tried.some((t) => t.fix === fix && now - t.at < ms);
/** Swaps by hand that changed nothing. */
const swapsInVain = (i: DiagnosisInput) =>
  (['cable-swap', 'port-swap', 'computer-swap'] as const).filter((q) => i.answers?.[q]?.answer === 'same').length;
const noHelp = (tried: Tried) => new Set(tried.filter((t) => t.verdict === 'unchanged' || t.verdict === 'worse').map((t) => t.fix)).size;

/** What the server remembers: of this pair, of the computer's other phones, of this phone elsewhere, of what was tried. */
export const MEMORY_SIGNALS = {
  'memory.was-here': remembered(
    'last here',
    (h) => h.lastHereAt,
    (at, i) => i.now - at < HERE_MS,
  ),
  'memory.was-on-wifi': remembered(
    'last over Wi-Fi',
    (h) => h.lastWifiAt,
    (at, i) => i.now - at < HERE_MS,
  ),
  'memory.had-session': remembered(
    'last session',
    (h) => h.lastSessionAt,
    () => true,
  ),
  /** Other phones on this computer are healthy now. */
  'others.healthy': remembered(
    'other phones here',
    (h) => h.othersHere,
    (o) => o.healthy > 0,
  ),
  /** All other phones here refuse this computer's record too. */
  'others.not-known': remembered(
    'other phones here',
    (h) => h.othersHere,
    (o) => o.attached > 0 && o.notKnown > 0 && o.notKnown >= o.attached - o.healthy && o.healthy === 0,
  ),
  'others.stale': remembered(
    'other phones here',
    (h) => h.othersHere,
    (o) => o.stale > 0,
  ),
  /** At another computer the phone is well. */
  'elsewhere.healthy': remembered(
    'at other computers',
    (h) => h.elsewhere,
    (e) => e.healthy > 0,
  ),
  'elsewhere.failing': remembered(
    'at other computers',
    (h) => h.elsewhere,
    (e) => e.failing > 0 && e.healthy === 0,
  ),
  /** It fails on the wire at other computers too. */
  'elsewhere.usb-trouble': remembered(
    'at other computers',
    (h) => h.elsewhere,
    (e) => e.healthy === 0 && e.causes.some((c) => USB_TROUBLE.has(c)),
  ),
  'tried.left-recovery': remembered(
    'tried',
    (h) => h.tried,
    (t, i) => within(t, 'F42', 10 * 60_000, i.now),
  ),
  'tried.mux-restart': remembered(
    'tried',
    (h) => h.tried,
    (t, i) => within(t, 'F08', 90_000, i.now),
  ),
  'tried.repairing': remembered(
    'tried',
    (h) => h.tried,
    (t) => t.some((x) => x.fix === 'F12' || x.fix === 'F11' || x.fix === 'F13'),
  ),
  'tried.wifi': remembered(
    'tried',
    (h) => h.tried,
    (t) => t.some((x) => x.fix === 'F30') && t.some((x) => x.fix === 'F31'),
  ),
  'tried.cleaning': remembered(
    'tried',
    (h) => h.tried,
    (t) => t.some((x) => x.fix === 'F04' || x.fix === 'F46'),
  ),
  /** Four different things were tried and none helped; what people swapped by hand counts. */
  'tried.four': {
    kind: null,
    read: (i): Tri => (i.history?.tried ? tri(noHelp(i.history.tried) + swapsInVain(i) >= 4) : 'unknown'),
    told: (i) => ({ at: i.history?.tried?.[0]?.at ?? null, reading: `tried in vain: ${noHelp(i.history?.tried ?? []) + swapsInVain(i)}` }),
  },
} as const satisfies Record<string, Signal>;

const USB_TROUBLE: ReadonlySet<string> = new Set(['C10', 'C11', 'C12', 'C16', 'C32', 'C92', 'C95']);
