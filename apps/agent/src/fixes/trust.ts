import type { Fact, FactKind, Reading, Udid } from '@lockstep/core/health';
import { isExpected, LOCKDOWN_TYPE, PhoneTalk, pause, surveyPhone } from '../probes/index.js';
import { findPhone } from './ask-holder.js';
import { type FixTools, refused, type Steps } from './fix.js';
import { renewRecord } from './renew-record.js';

/** How a phone and this computer stand to each other, by this agent's own look a moment ago. */
type Standing =
  /** There is no record. */
  | { as: 'stranger'; facts: Fact[] }
  /** A session opens with the record. */
  | { as: 'trusted'; facts: Fact[] }
  /** The phone does not know the record. `record` is it. */
  | { as: 'rejected'; facts: Fact[]; record: Uint8Array }
  /** Something else is in the way, named by a word. */
  | { as: 'other'; facts: Fact[]; word: string };

/** Words by which lockdownd refuses a record that it does not know (libimobiledevice lockdown.h: -21, -31). */
const NOT_KNOWN: ReadonlySet<string> = new Set(['InvalidHostID', 'InvalidPairRecord']);

/** F11: has the phone ask its holder for trust, waits, and keeps the record. A record that the phone rejects is replaced as F12 would. */
export const askForTrust: Steps = async ({ udid }, tools) => {
  if (udid === null) return refused('no-phone-named');
  const standing = await lookAt(tools, udid);
  switch (standing.as) {
    case 'trusted':
      return refused('not-needed', standing.facts);
    case 'other':
      return refused(standing.word, standing.facts);
    case 'rejected':
      return await renewRecord('F11', udid, standing.record, tools);
    case 'stranger':
      return await renewRecord('F11', udid, null, tools);
  }
};

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

async function lookAt(tools: FixTools, udid: Udid): Promise<Standing> {
  const { ctx, signal } = tools;
  const device = await findPhone(tools, udid);
  if (!device) return { as: 'other', facts: [], word: 'not-listed' };
  const facts = await surveyPhone(ctx, device, signal);
  const other = (word: string): Standing => ({ as: 'other', facts, word });
  // lockdownd pairs over the cable only (PairingProhibitedOverThisConnection, -36).
  if (device.connection !== 'usb') return other('not-on-usb');
  const lockdown = seen(facts, 'lockdown');
  if (!lockdown) return other('phone-silent');
  if (lockdown.type !== LOCKDOWN_TYPE) return other('restore-in-progress');
  const record = facts.find((f) => f.kind === 'pair-record');
  if (record?.state === 'absent') return { as: 'stranger', facts };
  if (record?.state !== 'seen') return other('record-unreadable');
  const session = seen(facts, 'trust-session');
  if (!session) return other('session-not-tried');
  if (session.outcome === 'accepted') return { as: 'trusted', facts };
  if (session.outcome === 'impostor') return other('impostor');
  if (session.outcome !== 'tls-failed' && !NOT_KNOWN.has(session.error ?? '')) return other(session.error ?? 'session-refused');
  // Read once more, for the copy: the look has let go of it.
  const bytes = await ctx.mux.readPairRecord(udid, { signal });
  return bytes === null ? { as: 'stranger', facts } : { as: 'rejected', facts, record: bytes };
}

function isLocked(facts: readonly Fact[]): boolean {
  return seen(facts, 'passcode-lock')?.locked === true;
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

function seen<K extends FactKind>(facts: readonly Fact[], kind: K): Reading<K> | null {
  const fact = facts.find((f) => f.kind === kind && f.state === 'seen');
  return fact?.state === 'seen' ? (fact.reading as Reading<K>) : null;
}
