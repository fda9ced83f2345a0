import { pause } from './conversation.js';
import type { DeviceFailure } from './errors.js';
import { DeviceError } from './errors.js';
import type { PairRecord } from './pair-record.js';
import type { PlistDict } from './plist-value.js';

export interface PairOptions {
  /** After this long no further Pair is sent, ms. The answer to the last one is still waited for. */
  ms?: number;
  /** Between an answer and the next Pair, ms. */
  everyMs?: number;
  /** Go on asking while the phone is locked; otherwise `locked` ends it. */
  waitWhileLocked?: boolean;
  /** The holder has to do something; called when it starts to be something else than before. */
  onAwaiting?: (what: 'tap-trust' | 'unlock') => void;
  signal?: AbortSignal | undefined;
  /** This computer's name, which the request may carry. */
  hostName?: string | undefined;
  /** The phone's `WiFiAddress`, kept in the record for Wi-Fi sync. */
  wifiMacAddress?: string | undefined;
}

/** What the phone answered in the end. `error` is lockdownd's word, `code` its number where the word is known. */
export type PairAnswer =
  | { outcome: 'accepted'; error: null; code: null; record: PairRecord }
  | { outcome: 'pending' | 'denied' | 'locked' | 'refused'; error: string; code: number | null }
  | { outcome: 'no-answer'; error: null; code: null; failure: DeviceFailure };

/** Two minutes: finding the phone, unlocking it, reading the dialog. */
const PAIR_MS = 120_000;
/** What pymobiledevice3 and idevice do; a single Pair never completes, the phone wants to be asked again after the tap. */
const EVERY_MS = 1_000;

/** Sends Pair until the phone answers something final. `ask` sends one, always with the same record. */
export async function pairUntilAnswered(ask: () => Promise<PlistDict>, record: PairRecord, options: PairOptions): Promise<PairAnswer> {
  const until = performance.now() + (options.ms ?? PAIR_MS);
  const everyMs = options.everyMs ?? EVERY_MS;
  let awaiting: 'tap-trust' | 'unlock' | null = null;
  for (;;) {
    const answer = await askOnce(ask, record, options.wifiMacAddress);
    const next =
      answer.outcome === 'pending' ? 'tap-trust' : answer.outcome === 'locked' && options.waitWhileLocked === true ? 'unlock' : null;
    if (next === null) return answer;
    if (next !== awaiting) options.onAwaiting?.(next);
    awaiting = next;
    if (performance.now() + everyMs > until) return answer;
    if (!(await pause(everyMs, options.signal))) throw new DeviceError('Pair', { kind: 'aborted' });
  }
}

async function askOnce(ask: () => Promise<PlistDict>, record: PairRecord, wifiMacAddress: string | undefined): Promise<PairAnswer> {
  try {
    const reply = await ask();
    const escrowBag = reply.EscrowBag instanceof Uint8Array ? reply.EscrowBag : undefined;
    return { outcome: 'accepted', error: null, code: null, record: record.granted({ escrowBag, wifiMacAddress }) };
  } catch (error) {
    if (!(error instanceof DeviceError) || error.kind === 'aborted') throw error;
    if (error.failure.kind !== 'lockdown') return { outcome: 'no-answer', error: null, code: null, failure: error.failure };
    const { word, code } = error.failure;
    return { outcome: OUTCOMES.get(word) ?? 'refused', error: word, code };
  }
}

const OUTCOMES = new Map<string, 'pending' | 'denied' | 'locked'>([
  ['PairingDialogResponsePending', 'pending'],
  ['UserDeniedPairing', 'denied'],
  ['PasswordProtected', 'locked'],
]);
