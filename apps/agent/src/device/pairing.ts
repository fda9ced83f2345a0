import type { PlistDict } from '../machine/index.js';
import { isDict } from '../machine/index.js';
import { pause } from './conversation.js';
import type { DeviceFailure } from './errors.js';
import { DeviceError, lockdownError } from './errors.js';
import type { OrganisationIdentity } from './organisation.js';
import type { PairRecord } from './pair-record.js';

/** What may end a pause before its time: a `TrustWake`. */
export interface Waker {
  /** Waits for `ms` or for the sign, whichever is first; false when stopped. */
  wait(ms: number, signal?: AbortSignal): Promise<boolean>;
}

export interface PairOptions {
  /** After this long no further Pair is sent, ms. The answer to the last one is still waited for. */
  ms?: number;
  /** Between an answer and the next Pair, ms. */
  everyMs?: number;
  /** Go on asking while the phone is locked; otherwise `locked` ends it. */
  waitWhileLocked?: boolean;
  /** Asks again as soon as the phone tells that Trust was tapped. Not closed here. */
  wake?: Waker | undefined;
  /** The holder has to do something; called when it starts to be something else than before. */
  onAwaiting?: (what: 'tap-trust' | 'unlock') => void;
  signal?: AbortSignal | undefined;
  /** This computer's name, which the request may carry. */
  hostName?: string | undefined;
  /** The phone's `WiFiAddress`, kept in the record for Wi-Fi sync. */
  wifiMacAddress?: string | undefined;
}

export interface SupervisedPairOptions extends Pick<PairOptions, 'signal' | 'hostName' | 'wifiMacAddress'> {
  /** Now, for the date in the signature. */
  now?: Date | undefined;
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
/** Required for the requests about pairing (libimobiledevice lockdown.c); a string. */
export const PAIRING_PROTOCOL = '2';
/** Asks for words such as MCProtected instead of a bare refusal. */
const PAIRING_OPTIONS = { ExtendedPairingErrors: true };
/** A locked phone grants an organisation's computer its pairing without the escrow key (go-ios pair.go): nothing that is worth keeping. */
const NO_ESCROW_BAG = 'MissingEscrowBag';

/** The parameters of a Pair request. */
export function pairingParameters(record: PairRecord, hostName: string | undefined, more: PlistDict = {}): PlistDict {
  return {
    PairRecord: record.forPhone(),
    PairingOptions: { ...PAIRING_OPTIONS, ...more },
    ProtocolVersion: PAIRING_PROTOCOL,
    ...(hostName === undefined ? {} : { HostName: hostName }),
  };
}

/** Sends Pair until the phone answers something final. `ask` sends one, always with the same record. */
export async function pairUntilAnswered(ask: () => Promise<PlistDict>, record: PairRecord, options: PairOptions): Promise<PairAnswer> {
  const until = performance.now() + (options.ms ?? PAIR_MS);
  const everyMs = options.everyMs ?? EVERY_MS;
  let awaiting: 'tap-trust' | 'unlock' | null = null;
  for (;;) {
    const answer = await answerOf(async () => granted(await ask(), record, options.wifiMacAddress));
    const next =
      answer.outcome === 'pending' ? 'tap-trust' : answer.outcome === 'locked' && options.waitWhileLocked === true ? 'unlock' : null;
    if (next === null) return answer;
    if (next !== awaiting) options.onAwaiting?.(next);
    awaiting = next;
    if (performance.now() + everyMs > until) return answer;
    const whole = options.wake === undefined ? await pause(everyMs, options.signal) : await options.wake.wait(everyMs, options.signal);
    if (!whole) throw new DeviceError('Pair', { kind: 'aborted' });
  }
}

/**
 * Pairs with an organisation's identity (go-ios pair.go, pymobiledevice3 pair_supervised): the first Pair shows the supervising
 * certificate and is refused with a challenge, the second carries the signed challenge. `ask` sends one and gives refusals too.
 */
export async function pairAsOrganisation(
  ask: (parameters: PlistDict) => Promise<PlistDict>,
  record: PairRecord,
  identity: OrganisationIdentity,
  options: SupervisedPairOptions,
): Promise<PairAnswer> {
  const parameters = (more: PlistDict) => pairingParameters(record, options.hostName, more);
  return answerOf(async () => {
    const first = await ask(parameters({ SupervisorCertificate: identity.certificate }));
    const challenge =
      first.Error === 'MCChallengeRequired' && isDict(first.ExtendedResponse) ? first.ExtendedResponse.PairingChallenge : null;
    const last =
      challenge instanceof Uint8Array ? await ask(parameters({ ChallengeResponse: identity.answer(challenge, options.now) })) : first;
    if (typeof last.Error === 'string') throw lockdownError('Pair', last.Error);
    if (!(last.EscrowBag instanceof Uint8Array)) return { outcome: 'locked', error: NO_ESCROW_BAG, code: null };
    return granted(last, record, options.wifiMacAddress);
  });
}

function granted(reply: PlistDict, record: PairRecord, wifiMacAddress: string | undefined): PairAnswer {
  const escrowBag = reply.EscrowBag instanceof Uint8Array ? reply.EscrowBag : undefined;
  return { outcome: 'accepted', error: null, code: null, record: record.granted({ escrowBag, wifiMacAddress }) };
}

/** The answer to what was asked; a refusal and silence are answers too. */
async function answerOf(asking: () => Promise<PairAnswer>): Promise<PairAnswer> {
  try {
    return await asking();
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
