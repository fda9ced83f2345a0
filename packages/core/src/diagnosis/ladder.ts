import { type FactKind, LAYERS, type Layer, type RungState } from '../health/index.js';
import { CLAIMED } from './claimed.js';
import { current } from './current.js';
import { readingOf } from './readings.js';
import type { CurrentFact, DiagnosisInput, Finding, Rung } from './shapes.js';

/** What one layer's own facts prove, before findings are laid over it. */
interface Proof {
  state: RungState;
  fact: CurrentFact | null;
  note?: string;
}

type Prove = (input: DiagnosisInput) => Proof;

/** The last fact of a kind, stale or not: a rung shows what was read last and how old it is. */
function last<K extends FactKind>(input: DiagnosisInput, kind: K): CurrentFact<K> | null {
  return ((input.device?.[kind] ?? input.host[kind]) as CurrentFact<K> | undefined) ?? null;
}

const overNetwork = (input: DiagnosisInput) => {
  const f = current(input, 'mux-device');
  return f?.state === 'seen' && f.reading.connection === 'network';
};

/** A trusted session is proof that bus and multiplexer carry it, whatever older readings say. */
const sessionOk = (input: DiagnosisInput) => {
  const f = current(input, 'trust-session');
  return f?.state === 'seen' && f.reading.outcome === 'accepted';
};

/** A refusal that ends when the holder unlocks waits for the holder; any other is a fault. */
const refusedAs = (error: string | null) => (error === 'PasswordProtected' ? 'waiting' : 'broken');

const PROVE: Record<Layer, Prove> = {
  host: (input) => {
    const f = current(input, 'agent-self');
    return { state: f?.state === 'seen' ? 'ok' : 'unknown', fact: f ?? last(input, 'agent-self') };
  },
  usb: (input) => {
    const f = current(input, 'usb-device');
    if (f?.state === 'seen') return { state: f.reading.mode === 'normal' ? 'ok' : 'broken', fact: f };
    if (overNetwork(input)) return { state: 'not-needed', fact: f, note: 'over Wi-Fi' };
    if (f?.state !== 'absent' && sessionOk(input))
      return { state: 'ok', fact: current(input, 'mux-device'), note: 'the multiplexer reaches it over USB' };
    return { state: 'unknown', fact: f ?? last(input, 'usb-device') };
  },
  mux: (input) => {
    const f = current(input, 'mux-device');
    if (f?.state === 'seen') return { state: 'ok', fact: f };
    const daemon = current(input, 'mux-daemon');
    const sick = daemon?.state === 'seen' && daemon.reading.socket !== 'answering';
    return { state: 'unknown', fact: sick ? daemon : (f ?? last(input, 'mux-device')) };
  },
  trust: (input) => {
    const f = current(input, 'trust-session');
    if (f?.state === 'seen') return { state: f.reading.outcome === 'accepted' ? 'ok' : refusedAs(f.reading.error), fact: f };
    return { state: 'unknown', fact: f ?? last(input, 'trust-session') };
  },
  software: (input) => {
    const f = current(input, 'device-values');
    return { state: f?.state === 'seen' ? 'ok' : 'unknown', fact: f ?? last(input, 'device-values') };
  },
  network: (input) =>
    overNetwork(input)
      ? { state: sessionOk(input) ? 'ok' : 'unknown', fact: current(input, 'mux-device') }
      : { state: 'not-needed', fact: null, note: 'not needed over a cable' },
  services: (input) => {
    const f = current(input, 'service-start');
    if (f?.state === 'seen') return { state: f.reading.outcome === 'started' ? 'ok' : refusedAs(f.reading.error), fact: f };
    return { state: 'unknown', fact: f ?? last(input, 'service-start') };
  },
  // A pair that has a backup here needs a good one; one without, or whose folder cannot be read, leans on nothing of it.
  sync: (input) => {
    const f = current(input, 'backup');
    if (current(input, 'backup-activity')?.state === 'seen') return { state: 'not-needed', fact: f, note: 'a backup is under way' };
    if (f?.state === 'seen')
      return { state: f.reading.snapshot === 'finished' && f.reading.manifest !== false ? 'ok' : 'unknown', fact: f };
    if (f?.state === 'failed') return { state: 'not-needed', fact: f, note: 'backups cannot be read here' };
    return { state: 'not-needed', fact: f, note: 'no backup here' };
  },
};

const FROM_EFFECT = { broken: 'broken', degraded: 'degraded', waiting: 'waiting', unknown: 'unknown' } as const;

/**
 * All eight rungs, lowest first. Findings that hold are laid over what the facts prove; above the lowest rung that is not
 * fine, a rung without proof of its own was simply not reached.
 */
export function ladder(input: DiagnosisInput, findings: readonly Finding[]): Rung[] {
  const rungs: Rung[] = [];
  let isReached = true;
  for (const layer of LAYERS) {
    const { state, fact, note } = PROVE[layer](input);
    const shown = laidOver(findings, layer) ?? state;
    rungs.push({
      layer,
      state: !isReached && shown === 'unknown' ? 'not-reached' : shown,
      reading: note ?? readingOf(fact),
      kind: fact?.kind ?? null,
      probe: fact?.probe ?? null,
      seenAt: fact?.seenAt ?? null,
      failure: fact?.state === 'failed' ? fact.reason : null,
    });
    if (shown === 'broken' || shown === 'waiting') isReached = false;
  }
  return rungs;
}

/** What the first finding that counts makes of a rung; null without one. */
function laidOver(findings: readonly Finding[], layer: Layer): RungState | null {
  for (const f of findings) {
    if (f.layer !== layer || f.state !== 'open' || f.frozen || f.explainedBy !== null) continue;
    if (f.health !== 'advisory' && f.confidence >= CLAIMED) return FROM_EFFECT[f.health];
  }
  return null;
}
