import type { GuidedRunView, PairDetail, PairRow, RunView, TicketDetail, TicketRow } from '@lockstep/core/protocol';

/** A row for tests. */
export function row(over: Partial<PairRow> = {}): PairRow {
  return {
    id: '00000000-0000-4000-8000-000000000001',
    hostId: '00000000-0000-4000-8000-0000000000aa',
    hostName: 'MBP-0231',
    os: 'linux',
    udid: '00008110-001A2B3C4D5E6F00',
    deviceName: 'J. Ito’s iPhone',
    model: 'iPhone14,5',
    iosVersion: '18.6.2',
    presence: 'attached',
    health: 'healthy',
    connected: true,
    primary: null,
    rungs: ['ok', 'ok', 'ok', 'ok', 'ok', 'not-needed', 'ok', 'not-needed'],
    since: '2026-11-24T09:00:00.000Z',
    seenAt: '2026-11-24T09:10:00.000Z',
    sentence: 'J. Ito’s iPhone on MBP-0231: healthy {since}.',
    revision: 1,
    ...over,
  };
}

/** A run for tests. */
export function run(over: Partial<RunView> = {}): RunView {
  return {
    id: 'r1',
    hostId: 'h',
    pairId: 'p',
    hostName: 'MBP-0231',
    deviceName: 'P',
    udid: null,
    fix: 'F11',
    cause: 'C40',
    state: 'queued',
    requestedBy: 'Ann',
    stage: null,
    awaiting: null,
    mechanics: null,
    detail: null,
    verdict: null,
    waitingFor: null,
    askedAt: '2026-11-24T09:00:00.000Z',
    sentAt: null,
    receivedAt: null,
    settledAt: null,
    judgedAt: null,
    expiresAt: '2026-11-25T09:00:00.000Z',
    ...over,
  };
}

/** A guided run for tests. */
export function guided(over: Partial<GuidedRunView> = {}): GuidedRunView {
  return {
    id: 'g1',
    hostId: 'h',
    pairId: 'p',
    hostName: 'MBP-0231',
    deviceName: 'P',
    udid: null,
    fix: 'F10',
    cause: 'C41',
    state: 'open',
    steps: [{ step: 'unlock', who: 'holder', hasProof: true, doneAt: null, doneBy: null }],
    startedBy: { kind: 'person', id: 'p', name: 'Ann' },
    startedAt: '2026-11-24T09:00:00.000Z',
    deadlineAt: '2026-11-24T09:02:00.000Z',
    settledAt: null,
    endedAt: null,
    endedBy: null,
    verdict: null,
    waitingFor: null,
    detail: null,
    ...over,
  };
}

/** One pair's page for tests. */
export function detail(over: Partial<PairDetail> = {}): PairDetail {
  const pair = over.pair ?? row();
  return {
    pair,
    ladder: [],
    findings: [],
    runs: [],
    timeline: [],
    efficacy: [],
    tickets: [],
    guided: [],
    possible: [],
    question: null,
    answers: [],
    target: {
      os: 'linux',
      connected: true,
      privileged: true,
      presence: pair.presence,
      health: pair.health,
      openCauses: [],
      activeRun: null,
      lastRuns: [],
      revoked: false,
    },
    ...over,
  };
}

/** A ticket for tests. */
export function ticket(over: Partial<TicketRow> = {}): TicketRow {
  return {
    id: '00000000-0000-4000-8000-0000000000f1',
    number: 12,
    state: 'open',
    priority: 'normal',
    priorityBy: 'server',
    title: 'Phone no longer trusts this computer: J. Ito’s iPhone on MBP-0231',
    cause: 'C44',
    causeTitle: 'Phone no longer trusts this computer',
    family: 'trust',
    layer: 'trust',
    hostId: '00000000-0000-4000-8000-0000000000aa',
    hostName: 'MBP-0231',
    pairId: '00000000-0000-4000-8000-000000000001',
    udid: '00008110-001A2B3C4D5E6F00',
    deviceName: 'J. Ito’s iPhone',
    pairs: 1,
    assignee: null,
    openedAt: '2026-11-24T09:00:00.000Z',
    changedAt: '2026-11-24T09:00:00.000Z',
    goneAt: null,
    closedAt: null,
    closedBy: null,
    reopenedAt: null,
    reopened: 0,
    sentence: 'J. Ito’s iPhone on MBP-0231: open {since}.',
    since: '2026-11-24T09:00:00.000Z',
    revision: 1,
    ...over,
  };
}

/** One ticket's page for tests. */
export function ticketDetail(over: Partial<TicketDetail> = {}): TicketDetail {
  return { ticket: over.ticket ?? ticket(), body: '', events: [], pairs: [], running: [], previous: null, later: [], ...over };
}
