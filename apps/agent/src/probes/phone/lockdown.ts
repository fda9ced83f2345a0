import type { PhoneProbe } from '../phone-probe.js';

/** What lockdownd calls itself on a phone that is up (libimobiledevice lockdown.c); a phone that is being restored says otherwise. */
export const LOCKDOWN_TYPE = 'com.apple.mobile.lockdown';

/** Does lockdownd answer? */
export const lockdown: PhoneProbe = {
  id: 'lockdown',
  kinds: ['lockdown'],
  where: 'open',
  // The multiplexer's 5 s to connect; then the answer, for which libimobiledevice waits 10 s.
  deadlineMs: 12_000,
  async ask({ udid, talk }, signal) {
    const began = performance.now();
    const type = await talk.ask(signal, (client) => client.queryType({ signal }));
    return [
      {
        kind: 'lockdown',
        subject: { udid },
        state: 'seen',
        reading: { type, latencyMs: Math.round((performance.now() - began) * 10) / 10 },
      },
    ];
  },
};
