import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ActionCap } from './cap.js';

const PHONE = '00008110-0011223344556677';
const OTHER = '00008110-0011223344556688';
const MIN = 60_000;

describe('the agent’s own cap', () => {
  let dir: string;
  let now: number;
  const cap = () => new ActionCap(dir, () => now);
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-cap-'));
    now = Date.parse('2026-11-24T09:00:00Z');
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it('lets one disruptive fix through in ten minutes, whichever it is, also after a restart of the agent', async () => {
    expect(await cap().forbids('F08', null)).toBeNull();
    await cap().acts('F08', null);
    expect(await cap().forbids('F08', null)).toBe('cooldown');
    expect(await cap().forbids('F12', PHONE)).toBe('disruptive-cap');
    now += 10 * MIN;
    expect(await cap().forbids('F12', PHONE)).toBeNull();
  });

  it('lets two of one kind through in a day', async () => {
    await cap().acts('F08', null);
    now += 11 * MIN;
    await cap().acts('F08', null);
    now += 11 * MIN;
    expect(await cap().forbids('F08', null)).toBe('daily-cap');
    expect(await cap().forbids('F12', PHONE)).toBeNull();
    now += 24 * 60 * MIN;
    expect(await cap().forbids('F08', null)).toBeNull();
  });

  it('a safe fix pauses on the same phone only', async () => {
    await cap().acts('F11', PHONE);
    expect(await cap().forbids('F11', PHONE)).toBe('cooldown');
    expect(await cap().forbids('F11', OTHER)).toBeNull();
    now += 61_000;
    expect(await cap().forbids('F11', PHONE)).toBeNull();
  });

  it('reads a damaged file as if everything was done when it was written', async () => {
    const path = join(dir, 'actions.json');
    await writeFile(path, '{"schema":1,"runs":[{"fix":"F0');
    await utimes(path, new Date(now), new Date(now));
    expect(await cap().forbids('F08', null)).toBe('cooldown');
    now += 11 * MIN;
    expect(await cap().forbids('F08', null)).toBeNull();
  });

  it('a clock that was ahead does not lock the fixes out for as long', async () => {
    now += 365 * 24 * 60 * MIN;
    await cap().acts('F08', null);
    now -= 365 * 24 * 60 * MIN;
    expect(await cap().forbids('F08', null)).toBe('cooldown');
    now += 11 * MIN;
    expect(await cap().forbids('F08', null)).toBeNull();
  });

  it('remembers for a day what was tried on which phone, and nothing of a damaged file', async () => {
    expect(await cap().hasTried(['F43', 'F44'], PHONE)).toBe(false);
    await cap().acts('F44', PHONE);
    expect(await cap().hasTried(['F43', 'F44'], PHONE)).toBe(true);
    expect(await cap().hasTried(['F43'], PHONE)).toBe(false);
    expect(await cap().hasTried(['F43', 'F44'], OTHER)).toBe(false);
    now += 24 * 60 * MIN;
    expect(await cap().hasTried(['F43', 'F44'], PHONE)).toBe(false);
    await writeFile(join(dir, 'actions.json'), '{');
    expect(await cap().hasTried(['F43', 'F44'], PHONE)).toBe(false);
  });
});
