import type { SecureContext } from 'node:tls';
import type { PlistDict } from '@lockstep/agent/device';
import { z } from 'zod';
import type { GrantedPairing } from './pairings.js';
import type { SimulatedPhone } from './phone.js';
import type { PairingProof, Refusal } from './supervision.js';
import type { Via } from './trust.js';

/** A lockdown session that was started and not stopped. */
export interface LockdownSession {
  id: string;
  pairing: GrantedPairing;
  /** What the phone shows in TLS, here and on services started in this session. */
  tls: SecureContext;
}

/** What a request comes to: the answer, and what happens to the connection after it was sent. */
export interface Outcome {
  reply: PlistDict;
  then?: { do: 'encrypt'; session: LockdownSession } | { do: 'decrypt' } | { do: 'close' };
}

type Answer = PlistDict | { EscrowBag?: Uint8Array } | Refusal;
type Handler = (phone: SimulatedPhone, request: PlistDict, session: LockdownSession | null, via: Via) => Promise<Outcome | Answer>;

const word = z.string().min(1).max(256);
const data = z.custom<Uint8Array>((v) => v instanceof Uint8Array, 'must be data');
const PairRecord = z.object({
  DeviceCertificate: data,
  HostCertificate: data,
  RootCertificate: data,
  HostID: word,
  SystemBUID: word.optional(),
});
/** What a request of the Pair family must carry; missing parts have words of their own, in this order. */
const PairEnvelope = z.object({ PairRecord: z.record(z.string(), z.unknown()), ProtocolVersion: z.string() });

const error = (name: string) => ({ error: name });

/** The requests that lockdownd of iOS 7 and later answers. */
const HANDLERS: Record<string, Handler> = {
  QueryType: async (phone) => ({ Type: `com.apple.mobile.${phone.faults.has('restoring') ? 'restored' : 'lockdown'}` }),

  GetValue: async (phone, request, session, via) => {
    const asked = z.object({ Domain: word.optional(), Key: word.optional() }).safeParse(request);
    if (!asked.success) return error('InvalidResponse');
    const { Domain, Key } = asked.data;
    const found = await phone.value(Domain, Key, session !== null, via);
    const echo = { ...(Domain === undefined ? {} : { Domain }), ...(Key === undefined ? {} : { Key }) };
    return 'error' in found ? { ...echo, Error: found.error } : { ...echo, Value: found.value };
  },

  SetValue: async (phone, request, session) => {
    if (session === null) return error('SetProhibited');
    const asked = z.object({ Domain: word.optional(), Key: word, Value: z.unknown() }).safeParse(request);
    if (!asked.success) return error('MissingKey');
    const { Domain, Key, Value } = asked.data;
    if (Domain !== 'com.apple.mobile.wireless_lockdown' || Key !== 'EnableWifiConnections') return error('SetProhibited');
    if (typeof Value !== 'boolean') return error('MissingValue');
    phone.setWifiConnections(Value);
    return { Domain, Key, Value };
  },

  RemoveValue: async () => error('RemoveProhibited'),

  Pair: async (phone, request, _session, via) => {
    const parsed = pairRecord(request);
    if ('error' in parsed) return parsed;
    return phone.pair(parsed.record, pairingProof(request), via);
  },

  Unpair: async (phone, request) => {
    const parsed = pairRecord(request);
    if ('error' in parsed) return parsed;
    return phone.unpair(parsed.record);
  },

  // Only iOS before 7 validated a record this way; since then a session that comes about is the proof.
  ValidatePair: async () => error('InvalidRequest'),

  StartSession: async (phone, request, session) => {
    if (session !== null) return error('SessionActive');
    const asked = z.object({ HostID: word, SystemBUID: word.optional() }).safeParse(request);
    if (!asked.success) return error('MissingHostID');
    const started = await phone.startSession(asked.data.HostID, asked.data.SystemBUID);
    if ('error' in started) return started;
    return { reply: { SessionID: started.id, EnableSessionSSL: true }, then: { do: 'encrypt', session: started } };
  },

  StopSession: async (_phone, request, session) => {
    if (session === null) return error('SessionInactive');
    const asked = z.object({ SessionID: word }).safeParse(request);
    if (!asked.success) return error('MissingSessionID');
    if (asked.data.SessionID !== session.id) return error('InvalidSessionID');
    return { reply: {}, then: { do: 'decrypt' } };
  },

  StartService: async (phone, request, session) => {
    const asked = z.object({ Service: word, EscrowBag: data.optional() }).safeParse(request);
    if (!asked.success) return error('MissingService');
    return phone.startService(asked.data.Service, session, asked.data.EscrowBag ?? null);
  },

  EnterRecovery: async (phone, _request, session) => {
    if (session === null) return error('SessionInactive');
    phone.enterRecovery();
    return { reply: {}, then: { do: 'close' } };
  },

  Goodbye: async () => ({ reply: {}, then: { do: 'close' } }),
};

/** Answers one request. Null: not a request at all; lockdownd hangs up. Unknown ones answer InvalidRequest (the real wording is not known). */
export async function answer(
  phone: SimulatedPhone,
  request: PlistDict,
  session: LockdownSession | null,
  via: Via,
): Promise<Outcome | null> {
  const name = request.Request;
  if (typeof name !== 'string') return null;
  // While a phone is restored another program answers here.
  const known = Object.hasOwn(HANDLERS, name) && (!phone.faults.has('restoring') || name === 'QueryType' || name === 'Goodbye');
  const handler = known ? HANDLERS[name] : undefined;
  const got = handler === undefined ? error('InvalidRequest') : await handler(phone, request, session, via);
  const outcome: Outcome = isOutcome(got) ? got : { reply: isRefusal(got) ? refusalReply(got) : (got as PlistDict) };
  const failure = outcome.reply.Error;
  phone.note({
    request: name,
    label: typeof request.Label === 'string' ? request.Label : null,
    error: typeof failure === 'string' ? failure : null,
  });
  return { ...outcome, reply: { Request: name, ...outcome.reply } };
}

function isRefusal(got: Answer): got is Refusal {
  return 'error' in got && typeof got.error === 'string';
}

function refusalReply({ error: word, extended }: Refusal): PlistDict {
  return { Error: word, ...(extended === undefined ? {} : { ExtendedResponse: extended }) };
}

function isOutcome(got: Outcome | Answer): got is Outcome {
  return 'reply' in got;
}

/** The record of a Pair or Unpair request, or the word for what is missing. Protocol version 2 is the only one since iOS 5. */
function pairRecord(request: PlistDict): { record: OfferedRecord } | { error: string } {
  const envelope = PairEnvelope.safeParse(request);
  if (!envelope.success) return error(request.PairRecord === undefined ? 'MissingPairRecord' : 'MissingKey');
  if (envelope.data.ProtocolVersion !== '2') return error('InvalidPairRecord');
  const record = PairRecord.safeParse(envelope.data.PairRecord);
  if (!record.success) return error(envelope.data.PairRecord.HostID === undefined ? 'MissingHostID' : 'InvalidPairRecord');
  const r = record.data;
  return {
    record: {
      hostId: r.HostID,
      systemBuid: r.SystemBUID ?? null,
      deviceCertificate: r.DeviceCertificate,
      hostCertificate: r.HostCertificate,
      rootCertificate: r.RootCertificate,
      // Private keys have no business in a request; the lab tells on clients that send them.
      carriesPrivateKey: envelope.data.PairRecord.HostPrivateKey !== undefined || envelope.data.PairRecord.RootPrivateKey !== undefined,
    },
  };
}

/** What a Pair request says besides its record; parts of another type count as not said. */
function pairingProof(request: PlistDict): PairingProof {
  const options = z
    .object({ SupervisorCertificate: data.optional(), ChallengeResponse: data.optional() })
    .safeParse(request.PairingOptions);
  return {
    supervisorCertificate: options.data?.SupervisorCertificate ?? null,
    challengeResponse: options.data?.ChallengeResponse ?? null,
  };
}

/** The pair record that a computer offers. */
export interface OfferedRecord {
  hostId: string;
  systemBuid: string | null;
  deviceCertificate: Uint8Array;
  hostCertificate: Uint8Array;
  rootCertificate: Uint8Array;
  carriesPrivateKey: boolean;
}
