import type { Fact, Udid } from '@lockstep/core/health';
import { LOCKDOWN_TYPE, surveyPhone } from '../../probes/index.js';
import { findPhone } from '../find-phone.js';
import type { FixTools } from '../fix.js';
import { readingOf } from '../readings.js';

/** How a phone and this computer stand to each other, by this agent's own look a moment ago. */
export type Standing =
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

/** Looks at it with this agent's own probes. */
export async function lookAt(tools: FixTools, udid: Udid): Promise<Standing> {
  const { ctx, signal } = tools;
  const device = await findPhone(tools, udid);
  if (!device) return { as: 'other', facts: [], word: 'not-listed' };
  const facts = await surveyPhone(ctx, device, signal);
  const other = (word: string): Standing => ({ as: 'other', facts, word });
  // lockdownd pairs over the cable only (PairingProhibitedOverThisConnection, -36).
  if (device.connection !== 'usb') return other('not-on-usb');
  const lockdown = readingOf(facts, 'lockdown');
  if (!lockdown) return other('phone-silent');
  if (lockdown.type !== LOCKDOWN_TYPE) return other('restore-in-progress');
  const record = facts.find((f) => f.kind === 'pair-record');
  if (record?.state === 'absent') return { as: 'stranger', facts };
  if (record?.state !== 'seen') return other('record-unreadable');
  const session = readingOf(facts, 'trust-session');
  if (!session) return other('session-not-tried');
  if (session.outcome === 'accepted') return { as: 'trusted', facts };
  if (session.outcome === 'impostor') return other('impostor');
  if (session.outcome !== 'tls-failed' && !NOT_KNOWN.has(session.error ?? '')) return other(session.error ?? 'session-refused');
  // Read once more, for the copy: the look has let go of it.
  const bytes = await ctx.mux.readPairRecord(udid, { signal });
  return bytes === null ? { as: 'stranger', facts } : { as: 'rejected', facts, record: bytes };
}
