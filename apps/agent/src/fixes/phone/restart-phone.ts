import { DeviceError, DIAGNOSTICS_SERVICE, DiagnosticsRelay, type MuxDevice } from '../../device/index.js';
import { isExpected, type PhoneTalk, pause } from '../../probes/index.js';
import { findPhone } from '../find-phone.js';
import { type FixTools, failed, refused, type Steps } from '../fix.js';
import { inSession } from './session.js';

/**
 * F47: has the phone restart, asked once inside a session with it. Without a session its holder does it by hand. An answer that does not
 * come says nothing about whether it restarts, and it is not asked again. After a restart the holder has to enter the passcode.
 */
export const restartPhone: Steps = async ({ udid }, tools) => {
  if (udid === null) return refused('no-phone-named');
  const { cap, signal } = tools;
  return await inSession(tools, udid, async (talk, device) => {
    // Whether the phone has the service at all is found out before anything is said to be done.
    let acted = false;
    try {
      await talk.service(signal, DIAGNOSTICS_SERVICE, async (connection) => {
        await cap.acts('F47', udid);
        tools.progress('acting');
        acted = true;
        await new DiagnosticsRelay(connection).restart({ signal });
      });
    } catch (e) {
      if (!isExpected(e) || signal.aborted) throw e;
      const word = e instanceof DeviceError && e.failure.kind === 'lockdown' ? e.failure.word : null;
      if (!acted) return refused(word ?? 'no-diagnostics');
      return word === null ? { mechanics: 'unknown', detail: 'no-answer', facts: [] } : failed(word);
    }
    tools.progress('settling');
    return (await goesDown(tools, talk, device)) ? { mechanics: 'done', detail: 'restarting', facts: [] } : failed('stays-up');
  });
};

/** Whether the phone leaves the list, comes back as another attachment, or ends the conversation. */
async function goesDown(tools: FixTools, talk: PhoneTalk, device: MuxDevice): Promise<boolean> {
  const { waits, signal } = tools;
  const until = performance.now() + waits.reattach;
  for (;;) {
    const now = await findPhone(tools, device.udid);
    if (now?.deviceId !== device.deviceId) return true;
    try {
      // Inside the session that was open before: a new conversation would say nothing.
      if (!talk.inSession) return true;
      await talk.ask(signal, (client) => client.queryType({ signal }));
    } catch (e) {
      if (!isExpected(e) || signal.aborted) throw e;
      return true;
    }
    if (performance.now() >= until) return false;
    await pause(waits.look, signal);
  }
}
