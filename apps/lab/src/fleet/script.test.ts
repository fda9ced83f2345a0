import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, Seeded } from '../phone/index.js';
import { Member } from './member.js';
import { planFleet } from './names.js';
import { type ScriptNote, TroubleScript } from './script.js';
import { isTroubled } from './trouble.js';

describe('the plan of a fleet', () => {
  it('is the same for the same seed and another for another', () => {
    const plan = (seed: string) => planFleet(new Seeded(seed), 8, 10);
    expect(plan('1')).toEqual(plan('1'));
    expect(plan('1')).not.toEqual(plan('2'));
  });

  it('looks like a company: inventory names that differ, every holder once, every computer with a phone', () => {
    const plan = planFleet(new Seeded('1'), 8, 10);
    expect(new Set(plan.map((c) => c.name)).size).toBe(8);
    expect(plan.every((c) => /^(lnx|mac|win)-\d{4}$/.test(c.name) && c.phones.length >= 1)).toBe(true);
    const phones = plan.flatMap((c) => c.phones);
    expect(phones).toHaveLength(10);
    expect(new Set(phones.map((p) => p.deviceName)).size).toBe(10);
    expect(phones.every((p) => /^[a-z]+(-\d+)?$/.test(p.name) && p.deviceName.includes('iPhone'))).toBe(true);
  });

  it('has room for more phones than there are names', () => {
    const phones = planFleet(new Seeded('1'), 3, 100).flatMap((c) => c.phones.map((p) => `${c.name}/${p.name}`));
    expect(new Set(phones).size).toBe(100);
  });
});

describe('troubles that come and go', () => {
  let dir: string;
  let members: Member[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-script-'));
    members = planFleet(new Seeded('3'), 5, 6).map(
      (plan) =>
        new Member({
          plan,
          seed: new Seeded(plan.name),
          seedText: plan.name,
          dir: join(dir, plan.name),
          server: 'http://127.0.0.1:9',
          tokenFile: join(dir, 'none'),
          log: () => {},
        }),
    );
    for (const m of members) await m.powerOn();
  });
  afterEach(async () => {
    for (const m of members) await m.powerOff();
    await rm(dir, { recursive: true, force: true });
  });

  const troubled = () => members.flatMap((m) => m.computer.bench.names.filter((name) => isTroubled(m.computer, name)));

  it('begin at once, never take most of the company, and end by themselves', async () => {
    expect(troubled()).toEqual([]);
    const clock = new ManualClock();
    const notes: ScriptNote[] = [];
    const script = new TroubleScript(members, new Seeded('script'), (n) => void notes.push(n), clock);
    script.start();
    await script.idle();
    expect(notes.length).toBeGreaterThan(0);
    for (let minute = 0; minute < 60; minute++) {
      clock.advance(60_000);
      await script.idle();
      expect(troubled().length).toBeLessThanOrEqual(4);
    }
    const healed = notes.filter((n) => n.trouble === 'healed').length;
    expect(notes.length - healed).toBeGreaterThan(10);
    expect(healed).toBeGreaterThan(5);
    expect(new Set(notes.map((n) => n.trouble)).size).toBeGreaterThan(4);
    await script.stop();
    const after = notes.length;
    clock.advance(3_600_000);
    await script.idle();
    expect(notes).toHaveLength(after);
  });
});
