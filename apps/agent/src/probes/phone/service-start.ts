import type { Reading } from '@lockstep/core/health';
import { DeviceError } from '../../device/index.js';
import type { PhoneProbe } from '../phone-probe.js';
import { draft } from '../probe.js';

/** Starts on every iOS version, does nothing by itself, and shows nothing on the phone. */
export const HARMLESS_SERVICE = 'com.apple.mobile.notification_proxy';

/** Does the phone start a service inside the session? A phone that is locked since its restart opens sessions and refuses services. */
export const serviceStart: PhoneProbe = {
  id: 'service-start',
  kinds: ['service-start'],
  where: 'open',
  deadlineMs: 12_000,
  async ask({ udid, talk }, signal) {
    const subject = { udid };
    if (!talk.inSession) return [draft.absent('service-start', subject)];
    const seen = (reading: Omit<Reading<'service-start'>, 'service'>) => [
      { kind: 'service-start' as const, subject, state: 'seen' as const, reading: { service: HARMLESS_SERVICE, ...reading } },
    ];
    try {
      await talk.ask(signal, (client) => client.startService(HARMLESS_SERVICE, { signal }));
      return seen({ outcome: 'started', error: null, code: null });
    } catch (e) {
      if (!(e instanceof DeviceError) || e.failure.kind !== 'lockdown') throw e;
      return seen({ outcome: 'refused', error: e.failure.word, code: e.failure.code });
    }
  },
};
