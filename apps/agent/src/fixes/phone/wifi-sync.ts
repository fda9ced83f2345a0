import { Udid } from '@lockstep/core/health';
import { z } from 'zod';
import { readDomain } from '../../device/index.js';
import type { PhoneTalk } from '../../probes/index.js';
import { failed, refused, type Steps } from '../fix.js';
import { inSession } from './session.js';

const Old = z.strictObject({ udid: Udid, enabled: z.boolean() });

/**
 * F30: switches Wi-Fi sync on, inside a session with the phone: the one value of a phone that is ever written. What it was is kept. The
 * phone's answer is not believed: the value is read back.
 */
export const turnOnWifiSync: Steps = async ({ udid }, tools) => {
  if (udid === null) return refused('no-phone-named');
  const { cap, kept, signal } = tools;
  return await inSession(tools, udid, async (talk) => {
    const before = await read(talk, signal);
    if (before.supported === false) return refused('not-supported');
    if (before.enabled === null) return refused('value-unreadable');
    if (before.enabled) return refused('not-needed');
    await kept.keep('wifi-sync', Old, { udid, enabled: before.enabled });
    await cap.acts('F30', udid);
    tools.progress('acting');
    await talk.ask(signal, (client) => client.setWifiConnections(true, { signal }));
    const after = await read(talk, signal);
    return after.enabled === true ? { mechanics: 'done', detail: 'switched-on', facts: [] } : failed('not-taken');
  });
};

/** The switch; a phone that never had it on has no such value, which is off. */
async function read(talk: PhoneTalk, signal: AbortSignal): Promise<{ enabled: boolean | null; supported: boolean | null }> {
  const { values, unread } = await talk.ask(signal, (client) => readDomain(client, 'wifiSync', { signal }));
  return {
    enabled: values.EnableWifiConnections ?? (unread.EnableWifiConnections === 'missing' ? false : null),
    supported: values.SupportsWifiSyncing ?? null,
  };
}
