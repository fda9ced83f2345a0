import type { Reading } from '@lockstep/core/health';
import { DeviceError, libimobiledeviceCode, PairRecord } from '../../device/index.js';
import type { PhoneLook, PhoneProbe } from '../phone-probe.js';
import { draft } from '../probe.js';

type Session = Reading<'trust-session'>;

/**
 * Does the phone accept the record that this computer holds? StartSession on it, with the phone's certificate compared: since iOS 7 that
 * is the validation of a pairing. Never pairs. Without a record there is nothing to try.
 */
export const trustSession: PhoneProbe = {
  id: 'trust-session',
  kinds: ['trust-session'],
  where: 'open',
  // An answer 10 s and a handshake 10 s; twice when the handshake failed.
  deadlineMs: 30_000,
  async ask(look, signal) {
    const subject = { udid: look.udid };
    if (look.record === null) return [draft.absent('trust-session', subject)];
    if (look.record === undefined) return [draft.failed('trust-session', subject, 'no-session')];
    const record = PairRecord.parse(look.record);
    const reading = await trySession(look, record, signal);
    return [{ kind: 'trust-session', subject, state: 'seen', reading }];
  },
};

/**
 * A handshake also fails when the cable is pulled in the middle of it, which says nothing about trust. So a failed one counts when it
 * fails again on a new conversation while the same attachment is still listed.
 */
async function trySession({ talk }: PhoneLook, record: PairRecord, signal: AbortSignal): Promise<Session> {
  const first = await once(talk, record, signal);
  if (first.outcome !== 'tls-failed') return first;
  const second = await once(talk, record, signal);
  if (second.outcome !== 'tls-failed') return second;
  const { devices } = await talk.mux.listDevices({ signal });
  if (!devices.some((d) => d.deviceId === talk.device.deviceId)) throw new DeviceError('StartSession', { kind: 'unreachable', code: null });
  return second;
}

async function once(talk: PhoneLook['talk'], record: PairRecord, signal: AbortSignal): Promise<Session> {
  try {
    await talk.startSession(signal, record);
    return { outcome: 'accepted', error: null, code: null };
  } catch (e) {
    if (!(e instanceof DeviceError)) throw e;
    switch (e.failure.kind) {
      case 'lockdown':
        return { outcome: 'refused', error: e.failure.word, code: e.failure.code };
      case 'tls':
        return { outcome: 'tls-failed', error: null, code: libimobiledeviceCode(e) };
      case 'impostor':
        return { outcome: 'impostor', error: null, code: null };
      default:
        throw e;
    }
  }
}
