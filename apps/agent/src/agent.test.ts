import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LinkRig } from '../test/link-rig.js';
import { type Agent, createAgent } from './agent.js';
import { ROLLBACKS, Rollbacks } from './fixes/index.js';
import { RecordedMachine } from './machine/index.js';

const VPN = { index: 21, name: 'Work', says: 'WireGuard Tunnel', up: true, type: 53, medium: 0, hardware: false, pnp: null };
const AFTER_MS = 300_000;

let rig: LinkRig;
let agent: Agent | null = null;
beforeEach(async () => {
  rig = await LinkRig.make();
});
afterEach(async () => {
  await agent?.stop();
  agent = null;
  await rig.dispose();
});

it('an agent that died with something to take back does so when it starts: once, and says so', async () => {
  let now = Date.now();
  const metric = { value: 60, automatic: 0 };
  const machine = new RecordedMachine({
    os: 'windows',
    identity: { lab: true },
    now: () => now,
    restMissing: true,
    openMux: async () => Promise.reject(Object.assign(new Error('nobody listens'), { code: 'ECONNREFUSED' })),
    listener: { proven: false, why: 'unsupported' },
    commands: {
      'windows-network': () => ({
        stdout: JSON.stringify({
          v: 1,
          at: '2026-11-24T09:00:00.0000000Z',
          adapters: { ok: [VPN] },
          metrics: { ok: [{ index: 21, metric: metric.value, automatic: metric.automatic }] },
        }),
      }),
      'metric-automatic': () => {
        Object.assign(metric, { value: 5, automatic: 1 });
        return {};
      },
    },
  });
  const start = async () => {
    agent = createAgent({ machine, dir: rig.dir, log: (level, message, fields = {}) => rig.lines.push({ level, message, fields }) });
    await agent.start();
  };
  const writes = () => machine.started.filter((id) => id === 'metric-automatic').length;

  // The agent before this one: it raised the metric and was killed.
  const before = new Rollbacks({ dir: rig.dir, lab: true, machine, kinds: ROLLBACKS, onEnd: () => {}, onDamaged: () => {} });
  await before.arm('tunnel-metric', 'F36', { index: 21, name: 'Work', ours: 60, old: null }, AFTER_MS);
  await before.stop();

  now += AFTER_MS + 90_000;
  await start();
  expect([metric, writes(), await readdir(join(rig.dir, 'rollbacks'))]).toEqual([{ value: 5, automatic: 1 }, 1, []]);
  const told = rig.lines.filter((l) => l.message === 'what a fix had changed for a while was taken back');
  expect(told).toEqual([
    expect.objectContaining({ level: 'info', fields: expect.objectContaining({ end: 'restored', fix: 'F36', lateMs: 90_000 }) }),
  ]);
  // How it stands is asked anew, not told from memory.
  await rig.server.until(
    () => rig.server.committed.some((m) => m.type === 'facts' && m.facts.some((f) => f.kind === 'own-route')),
    'the route was read again',
  );

  await agent?.stop();
  await start();
  expect(writes()).toBe(1);
});
