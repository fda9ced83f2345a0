import { type HealthEffect, layerHeight } from '../health/index.js';
import { holdOffOf } from './families.js';
import { DEFAULT_PACE, FLAP, type Pace } from './pace.js';
import { priorityOf } from './priority.js';
import type { KnownTicket, NothingBecause, TicketContent, TicketDecision, TicketFinding, TicketInput, TicketSubject } from './shapes.js';
import { writeTicket } from './write.js';

/**
 * What to do about one case: the findings of one cause family on one pair or host. Pure: the same rows give the same answer, and the answer
 * carried out once is `nothing` when asked again, so whoever asks twice files once.
 *
 * A case is filed when one of its findings outlasted its hold-off and is no consequence of something else; it closes when all of them are
 * proven gone and stayed so for the dwell time, on a subject that is being looked at. Silence, absence and time close nothing.
 */
export function decideTicket(input: TicketInput, pace: Pace = DEFAULT_PACE): TicketDecision {
  const open = input.findings.filter((f) => f.closedAt === null && f.health !== 'advisory');
  const { ticket } = input;
  if (ticket?.state !== 'open') return begin(input, ticket, open, pace);
  return open.length > 0 ? goOn(input, ticket, open) : end(input, ticket, pace);
}

const nothing = (because: NothingBecause, nextAt: number | null = null): TicketDecision => ({ action: { do: 'nothing', because }, nextAt });

/** No ticket is open: file one, reopen the last one, or not yet. */
function begin(input: TicketInput, last: KnownTicket | null, open: readonly TicketFinding[], pace: Pace): TicketDecision {
  const { now, subject } = input;
  const worth = open.filter((f) => holdOff(f, pace) !== null);
  if (worth.length === 0) return nothing('nothing-open');
  const own = worth.filter((f) => f.explainedBy === null && isReached(subject, f));
  if (own.length === 0) return nothing('explained');
  const inhibited = inhibitedBy(subject, own);
  if (inhibited !== null) return nothing(inhibited);
  const news = own.filter((f) => !(last?.closedBy === 'person' && last.closedAt !== null && f.openedAt <= last.closedAt));
  if (news.length === 0) return nothing('closed-by-person');
  const flapping = news.some((f) => isFlapping(input, f));
  const dueAt = flapping ? now : Math.min(...news.map((f) => f.openedAt + (holdOff(f, pace) ?? 0)));
  if (dueAt > now) return nothing('hold-off', dueAt);

  const finding = leadOf(news);
  const since = Math.min(...news.map((f) => f.openedAt));
  if (last !== null && last.closedAt !== null && since - last.closedAt <= pace.reopenMs) {
    const again = { ...last, since, flapping, reopened: last.reopened + 1 };
    return { action: { do: 'reopen', content: contentOf(input, again, finding, null) }, nextAt: null };
  }
  const fresh = { priority: 'normal', priorityBy: 'server', since, flapping, reopened: 0, pairs: subject.pairs } as const;
  return { action: { do: 'file', content: contentOf(input, fresh, finding, null), linked: last !== null }, nextAt: null };
}

/** The ticket is open and so is its cause: tell what is new. */
function goOn(input: TicketInput, ticket: KnownTicket, open: readonly TicketFinding[]): TicketDecision {
  // A dialog that is answered within minutes, or a phone locked for a moment, does not change what the ticket is about; nor does a lower
  // rung that broke, for which there is a ticket of its own.
  const own = open.filter((f) => f.explainedBy === null && f.health !== 'waiting' && isReached(input.subject, f));
  const finding = own.length > 0 ? leadOf(own) : (open.find((f) => f.id === ticket.findingId) ?? leadOf(open));
  return told(ticket, contentOf(input, ticket, finding, null));
}

/** The ticket is open and nothing of its family is: close it when that lasted. */
function end(input: TicketInput, ticket: KnownTicket, pace: Pace): TicketDecision {
  const { now, subject, findings } = input;
  const finding = findings.find((f) => f.id === ticket.findingId);
  // Without its finding nothing proves anything: a person has to say.
  if (finding === undefined || finding.closedAt === null) return nothing('unproven');
  const goneAt = Math.max(...findings.map((f) => f.closedAt ?? Number.NEGATIVE_INFINITY));
  const content = contentOf(input, ticket, finding, goneAt);
  if (!isProven(subject, finding)) return told(ticket, content, nothing('unproven'));
  const from = Math.max(goneAt, subject.since ?? goneAt);
  if (from + pace.dwellMs > now) return told(ticket, content, nothing('dwell', from + pace.dwellMs));
  return { action: { do: 'close', content: contentOf(input, ticket, finding, goneAt, true) }, nextAt: null };
}

/** An update when the ticket does not say this yet; else `otherwise`. */
function told(ticket: KnownTicket, content: TicketContent, otherwise: TicketDecision = nothing('unchanged')): TicketDecision {
  const isSame = ticket.from === content.from && ticket.priority === content.priority;
  return isSame ? otherwise : { action: { do: 'update', content }, nextAt: otherwise.nextAt };
}

function contentOf(
  input: TicketInput,
  ticket: Pick<KnownTicket, 'priority' | 'priorityBy' | 'since' | 'flapping' | 'reopened' | 'pairs'>,
  finding: TicketFinding,
  goneAt: number | null,
  isOver = false,
): TicketContent {
  const { subject, tried } = input;
  // Phones that were pulled out of a broken computer were not repaired by that, and a silent one tells nothing about them.
  const pairs = subject.heard && subject.pairs > 0 && goneAt === null ? subject.pairs : ticket.pairs;
  const { reopened, since } = ticket;
  const flapping = ticket.flapping || (goneAt === null && isFlapping(input, finding));
  const priority = ticket.priorityBy === 'person' ? ticket.priority : priorityOf({ health: finding.health, pairs, reopened });
  const text = writeTicket({ subject, finding, since, pairs, tried, goneAt, isOver, reopened, flapping });
  return { ...text, findingId: finding.id, cause: finding.cause, layer: finding.layer, priority, pairs, since, flapping, goneAt };
}

function holdOff(f: TicketFinding, pace: Pace): number | null {
  const own = holdOffOf(f.cause, f.health);
  return own === null ? null : (pace.holdOffMs ?? own);
}

/** Whether nothing lower is broken: what stands above a broken rung was last seen before it broke. */
function isReached(subject: TicketSubject, f: TicketFinding): boolean {
  return subject.scope === 'host' || subject.rungs[layerHeight(f.layer)] !== 'not-reached';
}

function inhibitedBy(subject: TicketSubject, own: readonly TicketFinding[]): NothingBecause | null {
  if (subject.revoked) return 'revoked';
  if (!subject.heard) return 'silent';
  if (subject.scope === 'pair') return subject.presence === 'attached' ? null : 'away';
  // What only phones need troubles nobody while none is plugged in.
  return subject.pairs === 0 && own.every((f) => f.layer !== 'host') ? 'nobody-affected' : null;
}

/** Fresh positive proof where the cause was: a host that is well, or a phone at hand whose rungs up to the cause's hold. */
function isProven(subject: TicketSubject, finding: TicketFinding): boolean {
  if (!subject.heard) return false;
  if (subject.scope === 'host') return subject.health === 'healthy';
  const up = subject.rungs.slice(0, layerHeight(finding.layer) + 1);
  return subject.presence === 'attached' && up.length > 0 && up.every((r) => r === 'ok' || r === 'not-needed');
}

/** Whether a cause comes and goes. What waits for a person does so by nature: phones are locked and unlocked all day. */
function isFlapping({ now, findings }: TicketInput, of: TicketFinding): boolean {
  if (of.health === 'waiting') return false;
  return findings.filter((f) => f.cause === of.cause && f.openedAt > now - FLAP.withinMs).length >= FLAP.times;
}

const GRAVITY: readonly HealthEffect[] = ['broken', 'waiting', 'unknown', 'degraded', 'advisory'];

/** The finding that the ticket is about: the gravest, then the one on the lowest rung, then the oldest. */
function leadOf(findings: readonly TicketFinding[]): TicketFinding {
  const [lead] = [...findings].sort(
    (a, b) =>
      GRAVITY.indexOf(a.health) - GRAVITY.indexOf(b.health) ||
      layerHeight(a.layer) - layerHeight(b.layer) ||
      a.openedAt - b.openedAt ||
      (a.cause < b.cause ? -1 : 1),
  );
  if (lead === undefined) throw new Error('a case without findings has no lead');
  return lead;
}
