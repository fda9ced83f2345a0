import { describe, expect, it } from '@jest/globals';
import { FACT_KINDS, type FactKind, OSES, type Os } from '@lockstep/core/health';
import { commandRow, type FileId, fileRow, isCommand } from '../machine/index.js';
import { agentSelf, HOST_QUESTIONS, muxDaemon, muxList, usbBus } from './host/index.js';
import { PHONE_PROBES } from './phone-survey.js';
import type { HostProbe } from './probe.js';

const HOST: readonly HostProbe[] = [agentSelf, usbBus, muxDaemon, muxList({ listing: null }), ...HOST_QUESTIONS];

/** Each phone's share of what the bus and the list showed (survey.ts). */
const SHARES: Partial<Record<FactKind, FactKind>> = { 'usb-device': 'usb-bus', 'mux-device': 'mux-list' };

/** Told by fixes alone: probes never pair, and collect nothing that nobody asked for. */
const BY_FIXES: readonly FactKind[] = ['pairing-attempt', 'evidence'];

/** Kinds without a producing row on a system that is said to have one. It shrinks, and is empty in the end. */
const NOT_YET: readonly `${FactKind} on ${Os}`[] = [];

const produced = (kind: FactKind, os: Os) =>
  PHONE_PROBES.some((p) => p.kinds.includes(kind)) || HOST.some((p) => p.kinds.includes(SHARES[kind] ?? kind) && p.rows[os] !== undefined);

describe('every fact kind', () => {
  const wanted = (Object.keys(FACT_KINDS) as FactKind[])
    .filter((kind) => !BY_FIXES.includes(kind))
    .flatMap((kind) => FACT_KINDS[kind].on.map((os: Os) => ({ kind, os })));

  it.each(wanted)('$kind has a producing row on $os, or is owed', ({ kind, os }) => {
    expect([kind, os, produced(kind, os)]).toEqual([kind, os, !NOT_YET.includes(`${kind} on ${os}`)]);
  });
});

describe('every question about the computer', () => {
  it.each(HOST.map((p) => [p.id, p] as const))('%s keeps the pace of its kinds', (_id, probe) => {
    for (const kind of probe.kinds) {
      const steady = FACT_KINDS[kind].pace === 'steady';
      expect([kind, probe.cadenceMs >= (steady ? 5_000 : 300_000)]).toEqual([kind, true]);
      expect([kind, probe.cadenceMs <= (steady ? 60_000 : 3_600_000)]).toEqual([kind, true]);
    }
    expect(probe.deadlineMs).toBeLessThanOrEqual(60_000);
  });

  it.each(HOST.map((p) => [p.id, p] as const))('%s has rows only where its kinds are answered, and names what it asks', (_id, probe) => {
    for (const os of OSES) {
      const row = probe.rows[os];
      if (!row) continue;
      const steady = probe.kinds.some((k) => FACT_KINDS[k].pace === 'steady');
      expect([os, (row.cadenceMs ?? probe.cadenceMs) <= (steady ? 60_000 : 3_600_000)]).toEqual([os, true]);
      expect([os, (row.deadlineMs ?? probe.deadlineMs) <= 60_000]).toEqual([os, true]);
      expect(probe.kinds.some((k) => (FACT_KINDS[k].on as readonly Os[]).includes(os))).toBe(true);
      for (const ask of row.asks) {
        if (['sysfs', 'mux', 'network', 'self'].includes(ask)) continue;
        if (isCommand(ask)) expect([ask, commandRow(ask).os, commandRow(ask).effect]).toEqual([ask, os, 'reads']);
        else expect([ask, fileRow(ask as FileId).paths[os] !== undefined]).toEqual([ask, true]);
      }
    }
  });

  it('is named once', () => {
    const ids = [...HOST.map((p) => p.id), ...PHONE_PROBES.map((p) => p.id)];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
