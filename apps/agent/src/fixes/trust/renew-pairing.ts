import type { Fact, Udid } from '@lockstep/core/health';
import { isExpected, PhoneTalk, pause } from '../../probes/index.js';
import { findPhone } from '../find-phone.js';
import { type FixTools, refused, type Steps } from '../fix.js';
import { readingOf } from '../readings.js';
import { renewRecord } from './renew-record.js';
import { lookAt } from './standing.js';

/**
 * F12: renews a pair record that the phone rejects. A phone that was not unlocked since it restarted imitates lost trust, so one that says
 * it is locked is unlocked first, and the session is tried again; when it opens nothing is touched.
 */
export const renewPairing: Steps = async ({ udid }, tools) => {
  if (udid === null) return refused('no-phone-named');
  let standing = await lookAt(tools, udid);
  if (standing.as === 'rejected' && isLocked(standing.facts)) {
    if (!(await waitForUnlock(tools, udid))) return { mechanics: 'not-acted', detail: 'locked', facts: standing.facts };
    standing = await lookAt(tools, udid);
  }
  switch (standing.as) {
    case 'trusted':
      return refused('session-works', standing.facts);
    case 'stranger':
      return refused('no-record', standing.facts);
    case 'other':
      return refused(standing.word, standing.facts);
    case 'rejected':
      return await renewRecord('F12', udid, standing.record, tools);
  }
};

function isLocked(facts: readonly Fact[]): boolean {
  return readingOf(facts, 'passcode-lock')?.locked === true;
}

/** Waits until the phone says that it is unlocked. False when time runs out. */
async function waitForUnlock(tools: FixTools, udid: Udid): Promise<boolean> {
  const { ctx, waits, signal } = tools;
  // Half of the time, so that there is some left to ask for trust in.
  const until = performance.now() + Math.min(waits.holder, tools.timeLeft() / 2);
  tools.progress('awaiting-holder', 'unlock');
  for (;;) {
    const device = await findPhone(tools, udid);
    if (device) {
      const talk = new PhoneTalk(ctx.mux, device, ctx.lockdown);
      try {
        if ((await talk.ask(signal, (client) => client.getValue(null, 'PasswordProtected', { signal }))) === false) return true;
      } catch (e) {
        if (!isExpected(e) || signal.aborted) throw e;
      } finally {
        talk.drop();
      }
    }
    if (performance.now() + waits.look > until) return false;
    await pause(waits.look, signal);
  }
}
