import { type CauseId, type Health, type Os, type Presence, printable } from '../health/index.js';
import { FIXES } from './catalogue/index.js';
import { needsClearance } from './clearance.js';
import { type FixId, isAgentFix } from './shapes.js';

/** What roles may do, weakest first. */
export const ROLES = ['viewer', 'technician', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The pair, as far as asking for a fix goes. Plain data, so that the console and the API ask the same question. */
export interface FixTarget {
  os: Os;
  /** The agent's socket is open now. */
  connected: boolean;
  /** The agent runs with the rights that privileged fixes need. */
  privileged: boolean;
  presence: Presence;
  health: Health;
  /** Causes open on the pair and on its host. */
  openCauses: readonly CauseId[];
  /** Those of them that come and go: no order is sent against these. */
  unstableCauses?: readonly CauseId[] | undefined;
  /** A run that has not been judged yet on this pair or its host. */
  activeRun: { fix: string; id: string } | null;
  /** Runs on this pair or its host that wait for somebody's yes. They hold up nothing but the same fix. */
  awaiting?: readonly { fix: string; id: string }[] | undefined;
  /** When the last backup of the phone finished on this computer, ms; null or left out when no fact shows one. */
  backupAt?: number | null | undefined;
  /** Earlier runs on this pair and host, newest first: when they were settled (ms), or asked when nothing came back. */
  lastRuns: readonly { fix: string; at: number }[];
  revoked: boolean;
  /**
   * Some phone on this computer syncs, backs up, updates or restores, as far as the facts tell; null or left out when they do not. The
   * agent looks again right before it acts.
   */
  busy?: boolean | null | undefined;
  /** Who stopped all orders, and why; null or left out while orders are sent. `at` is ISO 8601. */
  stopped?: { by: string; reason: string; at: string } | null | undefined;
  /** The fleet-wide cap on runs that interrupt people: sent in the last hour, allowed in one, and when the next place is free (ms). */
  fleetCap?: { perHour: number; used: number; freeAt: number | null } | null | undefined;
}

/** Why a fix may not be asked, as a word the API returns; `sentence` is what a person reads. */
export type RefusalCode =
  | 'role'
  | 'revoked'
  | 'platform'
  | 'not-privileged'
  | 'away'
  | 'cause-not-open'
  | 'unstable'
  | 'run-active'
  | 'cooldown'
  | 'disruptive-cap'
  | 'busy'
  | 'guided'
  | 'approval-pending'
  | 'orders-stopped';

/** Whose yes is needed after asking: nobody's, an admin's, or that of an admin who is not the one who asked. */
export type Approval = 'none' | 'admin' | 'second-person';

export type MayRun = { ok: true; note: string | null } | { ok: false; code: RefusalCode; sentence: string; until: number | null };

/** At most one disruptive fix per computer in ten minutes: people are interrupted once, and the last one gets time to show. */
export const DISRUPTIVE_GAP_MS = 10 * 60_000;
/** At most two disruptive runs of one fix per computer and day: what did not last twice needs a person. */
export const DISRUPTIVE_PER_DAY = 2;

const DAY_MS = 86_400_000;

/**
 * Whether `fix` may be asked for this target by a person of this role at `now` (ms). One table of reasons for the button's
 * tooltip and the API's refusal. A host that is offline does not forbid: the order waits and the answer says so in `note`, as it says
 * whose yes is needed before anything is sent (`approvalOf`).
 */
export function mayRun(fix: FixId, target: FixTarget, role: Role, now: number): MayRun {
  const row = FIXES[fix];
  const no = (code: RefusalCode, sentence: string, until: number | null = null): MayRun => ({ ok: false, code, sentence, until });
  if (role === 'viewer') return no('role', 'Your role can look but not repair. Ask a technician.');
  if (!isAgentFix(fix)) return no('guided', 'People do this step by step. Nothing is ordered; the facts tick the steps off.');
  if (target.stopped) {
    const { by, reason } = target.stopped;
    return no('orders-stopped', `${printable(by)} stopped all orders: ${ended(printable(reason))} An admin can let them run again.`);
  }
  if (target.revoked) return no('revoked', 'This computer was revoked. Enrol it again first.');
  if (!row.platforms.includes(target.os)) return no('platform', `This fix does not run on ${osName(target.os)} yet.`);
  if (row.privilege === 'admin' && !target.privileged)
    return no('not-privileged', 'The agent on this computer runs without administrator rights.');
  if (row.scope === 'pair' && target.presence !== 'attached') return no('away', 'The phone is not plugged in. Plug it in first.');
  if (!row.treats.some((c) => target.openCauses.includes(c)))
    return no('cause-not-open', 'Nothing that this fix treats is wrong here now.');
  if (row.treats.every((c) => !target.openCauses.includes(c) || target.unstableCauses?.includes(c)))
    return no(
      'unstable',
      'What this treats comes and goes by itself, so nothing would tell whether it helped. Answer the question first, or look at cable and port.',
    );
  if (target.awaiting?.some((r) => r.fix === fix)) return no('approval-pending', 'It was asked for already and waits for a yes.');
  if (target.activeRun) return no('run-active', `Another fix (${target.activeRun.fix}) is still running here. Wait for its result.`);
  if (row.requires.includes('quiet') && target.busy)
    return no('busy', 'A phone on this computer syncs, backs up or updates right now. Wait until it has finished.');
  const last = target.lastRuns.find((r) => r.fix === fix);
  if (last && now < last.at + row.cooldownS * 1000) {
    const until = last.at + row.cooldownS * 1000;
    return no('cooldown', `This fix ran a moment ago. It may run again in ${inWords(until - now)}.`, until);
  }
  if (row.risk !== 'safe') {
    const disruptive = target.lastRuns.filter((r) => isFix(r.fix) && FIXES[r.fix].risk !== 'safe');
    const recent = disruptive.find((r) => now < r.at + DISRUPTIVE_GAP_MS);
    if (recent) {
      const until = recent.at + DISRUPTIVE_GAP_MS;
      return no(
        'disruptive-cap',
        `A fix that interrupts people ran on this computer a moment ago. Next one in ${inWords(until - now)}.`,
        until,
      );
    }
    const today = disruptive.filter((r) => r.fix === fix && now < r.at + DAY_MS);
    if (today.length >= DISRUPTIVE_PER_DAY) {
      const until = Math.min(...today.map((r) => r.at)) + DAY_MS;
      return no('disruptive-cap', 'This fix ran twice here within a day and did not last. A person should look.', until);
    }
  }
  const notes: string[] = [];
  const approval = approvalOf(fix, role, target.os);
  if (approval !== 'none') notes.push(APPROVAL_NOTES[approval]);
  const cap = target.fleetCap;
  if (row.risk !== 'safe' && cap && cap.used >= cap.perHour) {
    notes.push(
      `The order waits: ${cap.used} fixes that interrupt people were sent within an hour, and ${cap.perHour} are allowed in the fleet.`,
    );
    if (cap.freeAt !== null) notes.push(`The next place is free in ${inWords(Math.max(0, cap.freeAt - now))}.`);
  }
  if (!target.connected) notes.push('This computer is offline. The order waits until it is back.');
  return { ok: true, note: notes.length > 0 ? notes.join(' ') : null };
}

const APPROVAL_NOTES: Record<Exclude<Approval, 'none'>, string> = {
  admin: 'An admin has to approve it before it is sent.',
  'second-person': 'It may destroy data: an admin who is not you has to approve it before it is sent.',
};

/** Whose yes a fix needs when somebody of this role asks for it on a computer with this system. */
export function approvalOf(fix: FixId, role: Role, os: Os): Approval {
  const row = FIXES[fix];
  if (needsClearance(row, os)) return 'second-person';
  return row.approval && role !== 'admin' ? 'admin' : 'none';
}

/** Whether a string names a fix of the catalogue. */
export function isFix(id: string): id is FixId {
  return Object.hasOwn(FIXES, id);
}

/** A sentence somebody typed, with a full stop where it has no end of its own. */
function ended(text: string): string {
  const t = text.trim();
  return /[.!?…]$/.test(t) ? t : `${t}.`;
}

function osName(os: Os): string {
  return { linux: 'Linux', macos: 'macOS', windows: 'Windows' }[os];
}

function inWords(ms: number): string {
  const s = Math.max(1, Math.ceil(ms / 1000));
  return s < 90 ? `${s} s` : `${Math.ceil(s / 60)} min`;
}
