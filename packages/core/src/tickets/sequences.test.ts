import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HEALTHY, NOW, PAIR } from '../../test/case-at-hand.js';
import type { CauseId } from '../health/index.js';
import { decideTicket } from './decide.js';
import { holdOffOf } from './families.js';
import { DEFAULT_PACE } from './pace.js';
import type { KnownTicket, TicketDecision, TicketFinding, TicketInput, TicketSubject } from './shapes.js';

/** One case and its ticket as rows would hold them; every decision is carried out. */
class Desk {
  now = NOW;
  findings: TicketFinding[] = [];
  subject: TicketSubject = { ...PAIR, ...HEALTHY, since: NOW };
  ticket: KnownTicket | null = null;
  readonly told: { do: string; at: number }[] = [];
  #ids = 0;

  input(): TicketInput {
    const { now, subject, findings, ticket } = this;
    return { now, subject, findings, ticket, tried: [] };
  }
  get isOpen(): boolean {
    return this.findings.some((f) => f.closedAt === null);
  }
  open(cause: CauseId, health: 'broken' | 'waiting'): void {
    if (this.isOpen) return;
    this.findings.push({
      id: `f${++this.#ids}`,
      cause,
      layer: 'trust',
      health,
      confidence: 0.9,
      explainedBy: null,
      evidence: [],
      openedAt: this.now,
      closedAt: null,
    });
    this.subject = { ...this.subject, health, rungs: this.subject.rungs.map((r, n) => (n === 3 ? health : r)), since: this.now };
  }
  close(): void {
    if (!this.isOpen) return;
    this.findings = this.findings.map((f) => ({ ...f, closedAt: f.closedAt ?? this.now }));
    this.subject = { ...this.subject, ...HEALTHY, since: this.now };
  }
  sweep(): TicketDecision {
    const decision = decideTicket(this.input());
    const { action } = decision;
    if (action.do === 'nothing') return decision;
    this.told.push({ do: action.do, at: this.now });
    const base: KnownTicket = this.ticket ?? {
      state: 'open',
      priorityBy: 'server',
      closedAt: null,
      closedBy: null,
      reopened: 0,
      ...action.content,
    };
    const closing = action.do === 'close';
    this.ticket = {
      ...(action.do === 'file' ? { ...base, reopened: 0, priorityBy: 'server' as const } : base),
      ...action.content,
      state: closing ? 'closed' : 'open',
      closedAt: closing ? this.now : null,
      closedBy: closing ? 'server' : null,
      reopened: action.do === 'reopen' ? base.reopened + 1 : action.do === 'file' ? 0 : base.reopened,
    };
    return decision;
  }
}

type Step =
  | { do: 'wait'; ms: number }
  | { do: 'open'; cause: 'C44' | 'C40' | 'C43' }
  | { do: 'close' | 'unplug' | 'plug' | 'silence' | 'speak' | 'person-closes' };
const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('wait' as const),
      ms: fc.oneof(fc.integer({ min: 1, max: 20 * 60_000 }), fc.integer({ min: 1, max: 30 * 3_600_000 })),
    }),
    fc.record({ do: fc.constant('open' as const), cause: fc.constantFrom('C44' as const, 'C40' as const, 'C43' as const) }),
    fc.record({
      do: fc.constantFrom(
        'close' as const,
        'unplug' as const,
        'plug' as const,
        'silence' as const,
        'speak' as const,
        'person-closes' as const,
      ),
    }),
  ),
  { maxLength: 40 },
);

function take(desk: Desk, step: Step): void {
  const { subject, ticket } = desk;
  switch (step.do) {
    case 'wait':
      desk.now += step.ms;
      break;
    case 'open':
      if (subject.presence === 'attached' && subject.heard) desk.open(step.cause, 'broken');
      break;
    case 'close':
      if (subject.presence === 'attached' && subject.heard) desk.close();
      break;
    case 'unplug':
      desk.subject = { ...subject, presence: 'away', pairs: 0, since: desk.now };
      break;
    case 'plug':
      desk.subject = { ...subject, presence: 'attached', pairs: 1, since: desk.now };
      break;
    case 'silence':
      desk.subject = { ...subject, heard: false };
      break;
    case 'speak':
      desk.subject = { ...subject, heard: true };
      break;
    case 'person-closes':
      if (ticket?.state === 'open') desk.ticket = { ...ticket, state: 'closed', closedAt: desk.now, closedBy: 'person' };
  }
}

describe('whatever happens', () => {
  it('a ticket is filed for what lasted, closed for what is proven, and nothing is decided twice', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const desk = new Desk();
        for (const step of all) {
          take(desk, step);
          const before = desk.ticket;
          const { action, nextAt } = desk.sweep();
          const { subject, now } = desk;
          if (action.do === 'file' || action.do === 'reopen') {
            expect(before?.state).not.toBe('open');
            expect(desk.isOpen && subject.presence === 'attached' && subject.heard).toBe(true);
          }
          if (action.do === 'close') {
            expect(desk.isOpen).toBe(false);
            expect(subject.presence === 'attached' && subject.heard && subject.health === 'healthy').toBe(true);
            expect(Math.max(...desk.findings.map((f) => f.closedAt ?? now)) + DEFAULT_PACE.dwellMs).toBeLessThanOrEqual(now);
          }
          // Asked again, it has nothing more to say.
          if (action.do !== 'nothing') expect(decideTicket(desk.input()).action.do).toBe('nothing');
          if (nextAt !== null) expect(nextAt).toBeGreaterThan(now);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('when only time passes, the decision changes at the moment it promised, and not before', () => {
    fc.assert(
      fc.property(steps, fc.double({ min: 0, max: 0.999, noNaN: true }), (all, part) => {
        const desk = new Desk();
        for (const step of all) take(desk, step), desk.sweep();
        const { nextAt } = desk.sweep();
        const ask = (now: number) => decideTicket({ ...desk.input(), now }).action.do;
        if (nextAt === null) {
          for (const h of [1, 5, 25, 999]) expect(ask(desk.now + h * 3_600_000)).toBe('nothing');
          return;
        }
        expect(ask(desk.now + Math.floor((nextAt - desk.now - 1) * part))).toBe('nothing');
        expect(ask(nextAt)).not.toBe('nothing');
      }),
      { numRuns: 300 },
    );
  });

  it('one that comes and goes all day is one ticket', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ on: fc.integer({ min: 1, max: 14 }), off: fc.integer({ min: 1, max: 40 }) }), { minLength: 5, maxLength: 24 }),
        (flaps) => {
          const desk = new Desk();
          for (const { on, off } of flaps) {
            desk.open('C44', 'broken');
            for (let n = 0; n < on; n++) desk.sweep(), (desk.now += 60_000);
            desk.close();
            for (let n = 0; n < off; n++) desk.sweep(), (desk.now += 60_000);
          }
          expect(desk.told.filter((t) => t.do === 'file').length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('a short fault makes no ticket at all', () => {
    const desk = new Desk();
    desk.open('C44', 'broken');
    desk.now += (holdOffOf('C44', 'broken') ?? 0) - 1;
    desk.sweep();
    desk.close();
    desk.now += 30 * 24 * 3_600_000;
    desk.sweep();
    expect(desk.told).toEqual([]);
  });
});
