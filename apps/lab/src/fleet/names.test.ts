import { describe, expect, it } from '@jest/globals';
import { Seeded } from '../phone/index.js';
import { USUAL } from './fleet.js';
import { planFleet } from './names.js';

describe('the company', () => {
  const plan = (computers: number, phones: number, seed = 'fleet/1') => planFleet(new Seeded(seed), computers, phones);

  it('is the same every time, and another one for another seed', () => {
    expect(plan(14, 18)).toEqual(plan(14, 18));
    expect(plan(14, 18, 'fleet/2')).not.toEqual(plan(14, 18));
  });

  it('has fourteen computers and eighteen phones at least, each with a name of its own', () => {
    expect(USUAL.computers).toBeGreaterThanOrEqual(14);
    expect(USUAL.phones).toBeGreaterThanOrEqual(18);
    const usual = plan(USUAL.computers, USUAL.phones);
    expect(new Set(usual.map((c) => c.name)).size).toBe(USUAL.computers);
    const phones = usual.flatMap((c) => c.phones);
    expect(new Set(phones.map((p) => p.deviceName)).size).toBe(USUAL.phones);
    for (const c of usual) expect(c.phones.length).toBeGreaterThan(0);
    for (const { name } of phones) expect(name).toMatch(/^[a-z]+(-\d+)?$/);
  });

  it('runs Linux, macOS and Windows, each computer named after its system', () => {
    const usual = plan(USUAL.computers, USUAL.phones);
    const count = (os: string) => usual.filter((c) => c.os === os).length;
    expect([count('linux') >= 4, count('macos') >= 3, count('windows') >= 3]).toEqual([true, true, true]);
    const prefix = { linux: 'lnx', macos: 'mac', windows: 'win' };
    for (const c of usual) expect(c.name).toMatch(new RegExp(`^${prefix[c.os]}-\\d{4}$`));
    for (const c of usual.filter((u) => u.os !== 'linux')) expect(c.osVersion.toLowerCase()).toContain(c.os);
  });

  it('has enough first names for a large one', () => {
    const phones = plan(200, 400).flatMap((c) => c.phones);
    expect(new Set(phones.map((p) => p.name)).size).toBe(400);
  });
});
