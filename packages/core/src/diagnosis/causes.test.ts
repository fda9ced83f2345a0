import { describe, expect, it } from '@jest/globals';
import { host, NOW, pair, UDID } from '../../test/pair-at-hand.js';
import type { CauseId } from '../health/index.js';
import { diagnose } from './diagnose.js';
import type { DiagnosisInput } from './shapes.js';

const refused = (error: string, code: number) => ({ outcome: 'refused', error, code }) as const;
const noService = (error: string, code: number) =>
  ({ service: 'com.apple.mobile.notification_proxy', outcome: 'refused', error, code }) as const;
const asked = (outcome: 'pending' | 'denied' | 'locked' | 'accepted', error: string | null = null, code: number | null = null) => ({
  outcome,
  error,
  code,
});
const unpaired = { 'pair-record': 'absent', 'trust-session': 'absent', 'service-start': 'absent' } as const;
const down = {
  'mux-daemon': { state: 'stopped', pid: null, restarts: 0, socket: 'refused', latencyMs: null },
  'mux-list': { failed: 'refused' },
} as const;
const blindBus = { 'usb-bus': { failed: 'denied' }, 'mux-list': { failed: 'denied' } } as const;
const empty = { 'usb-bus': { devices: [] }, 'mux-list': { devices: [], unreadable: 0 } };
/** Held long enough for any patience. */
const held = (cause: CauseId, scope: 'host' | 'pair'): Partial<DiagnosisInput> => ({
  known: [{ cause, scope, state: 'pending', since: NOW - 90_000_000 }],
});

interface Case {
  cause: CauseId;
  scope: 'host' | 'pair';
  positive: DiagnosisInput;
  negative: DiagnosisInput;
  unknown: DiagnosisInput;
  /** Facts that prove it gone while it was open. */
  gone: DiagnosisInput;
}

const opened = (cause: CauseId, scope: 'host' | 'pair'): Partial<DiagnosisInput> => ({
  known: [{ cause, scope, state: 'open', since: NOW - 60_000 }],
});

const MINUTE = 60_000;

const CASES: Case[] = [
  {
    cause: 'L01',
    scope: 'host',
    positive: host({}, { takeovers: [NOW - 1_000, NOW - 20_000, NOW - 40_000] }),
    // A laptop that moved between networks three times in a day.
    negative: host({}, { takeovers: [NOW - 1_000, NOW - 60 * MINUTE, NOW - 300 * MINUTE] }),
    // Nobody counted.
    unknown: host({}),
    gone: host({}, { takeovers: [NOW - 60 * MINUTE, NOW - 61 * MINUTE, NOW - 62 * MINUTE], ...opened('L01', 'host') }),
  },
  {
    cause: 'C30',
    scope: 'host',
    positive: host(down, held('C30', 'host')),
    negative: host({}, held('C30', 'host')),
    unknown: host({ ...down, 'usb-bus': { failed: 'io' } }, held('C30', 'host')),
    gone: host({}, opened('C30', 'host')),
  },
  {
    cause: 'C39',
    scope: 'pair',
    positive: pair({ 'mux-list': { devices: [], unreadable: 0 }, 'mux-device': 'absent' }, held('C39', 'pair')),
    // A configuration without the multiplexer's interface is not the daemon's fault.
    negative: pair(
      {
        'mux-device': 'absent',
        'usb-device': {
          mode: 'normal',
          vendorId: 1452,
          productId: 4776,
          speedMbps: 480,
          location: '1-2',
          hubDepth: 0,
          address: 5,
          muxInterface: false,
          modelHint: null,
        },
      },
      held('C39', 'pair'),
    ),
    unknown: pair({ 'mux-device': { failed: 'timeout' }, 'mux-list': { failed: 'timeout' } }, held('C39', 'pair')),
    gone: pair({}, opened('C39', 'pair')),
  },
  {
    cause: 'C40',
    scope: 'pair',
    positive: pair(unpaired),
    negative: pair({}),
    unknown: pair({ ...unpaired, 'pair-record': { failed: 'timeout' } }),
    gone: pair({ 'trust-session': refused('InvalidHostID', -21) }, opened('C40', 'pair')),
  },
  {
    cause: 'C41',
    scope: 'pair',
    positive: pair({
      'trust-session': refused('PasswordProtected', -17),
      'service-start': 'absent',
      'passcode-lock': { failed: 'prohibited' },
    }),
    // A locked phone alone is normal.
    negative: pair({ 'passcode-lock': { locked: true } }),
    unknown: pair({
      'trust-session': { failed: 'timeout' },
      'service-start': { failed: 'timeout' },
      'passcode-lock': { failed: 'prohibited' },
    }),
    gone: pair({}, opened('C41', 'pair')),
  },
  {
    cause: 'C42',
    scope: 'pair',
    positive: pair({ ...unpaired, 'pairing-attempt': asked('pending', 'PairingDialogResponsePending', -19) }),
    negative: pair(unpaired),
    unknown: pair({ ...unpaired, 'pairing-attempt': asked('pending', 'PairingDialogResponsePending', -19) }, { ageMs: 150_000 }),
    gone: pair({ ...unpaired, 'pairing-attempt': asked('denied', 'UserDeniedPairing', -18) }, opened('C42', 'pair')),
  },
  {
    cause: 'C43',
    scope: 'pair',
    positive: pair({ ...unpaired, 'pairing-attempt': asked('denied', 'UserDeniedPairing', -18) }),
    negative: pair({ 'pairing-attempt': asked('denied', 'UserDeniedPairing', -18) }),
    unknown: pair({ 'trust-session': { failed: 'timeout' }, 'pairing-attempt': asked('denied', 'UserDeniedPairing', -18) }),
    gone: pair({ 'pairing-attempt': asked('accepted') }, opened('C43', 'pair')),
  },
  {
    cause: 'C44',
    scope: 'pair',
    positive: pair({ 'trust-session': refused('InvalidHostID', -21), 'service-start': 'absent' }),
    negative: pair({}),
    unknown: pair({ 'trust-session': { failed: 'timeout' } }),
    gone: pair({}, opened('C44', 'pair')),
  },
  {
    cause: 'C97',
    scope: 'host',
    positive: host(blindBus, held('C97', 'host')),
    // One of the two ways of seeing works.
    negative: host({ 'usb-bus': { failed: 'denied' } }, held('C97', 'host')),
    unknown: host({ 'usb-bus': 'gone', 'mux-list': { failed: 'denied' } }, held('C97', 'host')),
    gone: host({}, opened('C97', 'host')),
  },
  {
    cause: 'C97',
    scope: 'pair',
    positive: pair({ 'pair-record': { failed: 'denied' }, 'trust-session': 'absent', 'service-start': 'absent' }, held('C97', 'pair')),
    negative: pair({ 'pair-record': { failed: 'denied' } }, held('C97', 'pair')),
    unknown: pair({ 'pair-record': 'gone', 'trust-session': 'absent' }, held('C97', 'pair')),
    gone: pair({}, opened('C97', 'pair')),
  },
  {
    cause: 'C98',
    scope: 'host',
    positive: host(empty, held('C98', 'host')),
    negative: host({}, held('C98', 'host')),
    unknown: host({ ...empty, 'usb-bus': { failed: 'io' } }, held('C98', 'host')),
    gone: host({}, opened('C98', 'host')),
  },
];

describe('every cause of the rules table', () => {
  for (const c of CASES) {
    const find = (input: DiagnosisInput) => diagnose(input).findings.find((f) => f.cause === c.cause && f.scope === c.scope);
    it(`${c.cause} (${c.scope}) holds`, () => {
      const f = find(c.positive);
      expect(f).toMatchObject({ state: 'open', frozen: false });
      expect(f?.evidence.length).toBeGreaterThan(0);
      expect(f?.confidence).toBeGreaterThanOrEqual(0.7);
    });
    it(`${c.cause} (${c.scope}) does not hold`, () => {
      expect(find(c.negative)).toBeUndefined();
    });
    it(`${c.cause} (${c.scope}) is not claimed on unknown readings, and unknown is never healthy`, () => {
      const d = diagnose(c.unknown);
      const f = d.findings.find((x) => x.cause === c.cause && x.scope === c.scope);
      expect(f === undefined || f.frozen).toBe(true);
      if (c.unknown.device) expect(d.health).not.toBe('healthy');
    });
    it(`${c.cause} (${c.scope}) closes on proof, and stays open on unknown readings`, () => {
      expect(diagnose(c.gone).closed).toContain(c.cause);
      const d = diagnose({ ...c.unknown, ...opened(c.cause, c.scope) });
      expect(d.closed).not.toContain(c.cause);
      expect(d.findings.find((f) => f.cause === c.cause && f.scope === c.scope)).toMatchObject({ state: 'open' });
    });
  }
});

describe('L01, one key in two computers', () => {
  const takeovers = (...minutesAgo: number[]) => minutesAgo.map((m) => NOW - m * MINUTE);
  const open = { known: [{ cause: 'L01', scope: 'host', state: 'open', since: NOW - MINUTE }] } as const;
  it('makes every pair of the host unknown, because what is told of it mixes two computers', () => {
    const d = diagnose(pair({}, { takeovers: takeovers(0.1, 0.3, 0.9) }));
    expect(d).toMatchObject({ health: 'unknown', primary: { cause: 'L01', layer: 'host' } });
    expect(d.rungs[0]?.state).toBe('unknown');
    expect(d.findings[0]?.evidence).toEqual([
      {
        signal: 'key.contested',
        value: 'yes',
        kind: null,
        at: NOW - 6_000,
        probe: null,
        reading: '3 takeovers of a living connection within 48 s',
      },
    ]);
  });
  it('outranks a cause on a higher rung, which stays open behind it', () => {
    const d = diagnose(
      pair({ 'trust-session': refused('InvalidHostID', -21), 'service-start': 'absent' }, { takeovers: takeovers(0, 0, 0) }),
    );
    expect(d.primary?.cause).toBe('L01');
    expect(d.findings.map((f) => f.cause)).toContain('C44');
  });
  it('is seen between two agents that wait as politely as ours do (SPEC LIVE-5)', () => {
    expect(diagnose(host({}, { takeovers: takeovers(0, 5, 10) })).findings[0]?.cause).toBe('L01');
  });
  it('needs three', () => {
    expect(diagnose(host({}, { takeovers: takeovers(0, 0.1) })).findings).toEqual([]);
    expect(diagnose(host({}, { takeovers: [] })).findings).toEqual([]);
  });
  it('stays while the last takeover is younger than an hour, asks to be looked at then, and closes', () => {
    const input = host({}, { takeovers: takeovers(50, 51, 52), ...open });
    const during = diagnose(input);
    expect(during.findings).toMatchObject([{ cause: 'L01', state: 'open', frozen: false }]);
    expect(during.recheckAt).toBe(NOW + MINUTE * 3 - 5_000);
    const silent = diagnose({ ...input, hostHeard: false });
    expect(silent.recheckAt).toBe(NOW + 10 * MINUTE);
    expect(diagnose({ ...input, hostHeard: false, now: NOW + 10 * MINUTE }).closed).toEqual(['L01']);
  });
});

describe('combinations', () => {
  it('C41 needs a refusal: a readable lock together with a refused service is one', () => {
    const d = diagnose(pair({ 'passcode-lock': { locked: true }, 'service-start': noService('MissingValue', -12) }));
    expect(d.primary?.cause).toBe('C41');
  });
  it('C41 behind a session that works makes the refused rung wait, not fail', () => {
    const d = diagnose(pair({ 'service-start': noService('PasswordProtected', -17) }));
    expect(d.primary?.cause).toBe('C41');
    expect(d.rungs.find((r) => r.layer === 'services')?.state).toBe('waiting');
  });
  it('C44 is less sure while nobody knows that the phone is unlocked', () => {
    const input = { 'trust-session': refused('InvalidHostID', -21), 'service-start': 'absent' } as const;
    const sure = diagnose(pair(input)).primary?.confidence ?? 0;
    const unsure = diagnose(pair({ ...input, 'passcode-lock': { failed: 'prohibited' } })).primary?.confidence ?? 0;
    expect(sure).toBeGreaterThan(unsure);
  });
  it('C42 speaks for C40 while the dialog is open', () => {
    const d = diagnose(pair({ ...unpaired, 'pairing-attempt': asked('pending', 'PairingDialogResponsePending', -19) }));
    expect(d.primary?.cause).toBe('C42');
    expect(d.health).toBe('waiting');
    expect(d.findings.find((f) => f.cause === 'C40')?.explainedBy).toBe('C42');
  });
  it('C30 outranks what was known about trust, which stays open behind it', () => {
    const d = diagnose(
      pair(
        {
          ...down,
          'mux-device': { failed: 'refused' },
          lockdown: { failed: 'unreachable' },
          'pair-record': { failed: 'unreachable' },
          'trust-session': { failed: 'unreachable' },
          'service-start': { failed: 'unreachable' },
        },
        {
          known: [
            { cause: 'C44', scope: 'pair', state: 'open', since: NOW - 500_000 },
            { cause: 'C30', scope: 'host', state: 'open', since: NOW - 20_000 },
          ],
        },
      ),
    );
    expect(d.primary?.cause).toBe('C30');
    expect(d.health).toBe('broken');
    expect(d.closed).toEqual([]);
    expect(d.findings.find((f) => f.cause === 'C44')).toMatchObject({ state: 'open', frozen: true });
    expect(d.rungs.map((r) => r.state)).toEqual(['ok', 'ok', 'broken', 'not-reached', 'ok', 'not-needed', 'not-reached', 'not-needed']);
  });
  it('a phone listed twice, pulled and plugged, keeps its udid in one spelling', () => {
    expect(UDID).toMatch(/^[0-9A-F]{8}-[0-9A-F]{16}$/);
  });
});
