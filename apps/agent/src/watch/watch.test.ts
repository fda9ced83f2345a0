import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fact } from '@lockstep/core/health';
import type { MuxDevice } from '../device/index.js';
import { KnownPhones } from './known-phones.js';
import { PhoneLooks } from './phone-looks.js';
import { Picture } from './picture.js';

const A = '00008110-0011223344556677';
const B = '00008110-0011223344556688';
const DAY = 86_400_000;
const iso = (ms: number) => new Date(ms).toISOString();
const NOW = Date.parse('2026-11-24T09:00:00Z');

const lock = (udid: string, at: number, locked = false): Fact => ({
  kind: 'passcode-lock',
  subject: { udid },
  state: 'seen',
  reading: { locked },
  at: iso(at),
  probe: 'passcode-lock',
  tookMs: 1,
});
const attempt = (udid: string, at: number): Fact => ({
  kind: 'pairing-attempt',
  subject: { udid },
  state: 'seen',
  reading: { outcome: 'denied', error: 'UserDeniedPairing', code: -18 },
  at: iso(at),
  probe: 'ask-holder',
  tookMs: 0,
});

describe('the picture', () => {
  it('keeps the newest of each', () => {
    const p = new Picture();
    p.take([lock(A, NOW), lock(B, NOW)]);
    p.take([lock(A, NOW + 1, true)]);
    expect(p.facts()).toEqual([lock(A, NOW + 1, true), lock(B, NOW)]);
    p.forget(A);
    expect(p.facts()).toEqual([lock(B, NOW)]);
  });

  it('claims no look that did not happen', () => {
    const p = new Picture();
    expect(p.still(NOW, 90_000)).toBeNull();
    p.take([lock(A, NOW - 20_000), lock(B, NOW - 100_000), attempt(A, NOW - 1_000)]);
    // B was looked at too long ago, and an event is not looked at again at all.
    expect(p.still(NOW, 90_000)).toEqual({
      at: iso(NOW - 20_000),
      except: [
        { kind: 'passcode-lock', subject: { udid: B } },
        { kind: 'pairing-attempt', subject: { udid: A } },
      ],
      slow: false,
    });
  });

  it('speaks of slow kinds only when it is asked to, and of each as it was looked at', () => {
    const clock = (udid: string, at: number): Fact => ({
      kind: 'device-clock',
      subject: { udid },
      state: 'seen',
      reading: { skewS: 0 },
      at: iso(at),
      probe: 'device-clock',
      tookMs: 1,
    });
    const p = new Picture();
    p.take([lock(A, NOW - 20_000)]);
    expect(p.hasSlow).toBe(false);
    p.take([clock(A, NOW - 40 * 60_000), clock(B, NOW - 90 * 60_000)]);
    expect(p.hasSlow).toBe(true);
    expect(p.still(NOW, 90_000)).toEqual({ at: iso(NOW - 20_000), except: [], slow: false });
    expect(p.still(NOW, 90_000, 75 * 60_000)).toEqual({
      at: iso(NOW - 40 * 60_000),
      except: [{ kind: 'device-clock', subject: { udid: B } }],
      slow: true,
    });
  });
});

describe('phones that were here', () => {
  let dir: string;
  let now: number;
  const open = () => new KnownPhones(dir, () => now);
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-known-'));
    now = NOW;
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it('are remembered across a restart, with what they answered when they were asked', () => {
    const k = open();
    k.seen([A, B]);
    k.attempted([attempt(A, NOW), lock(B, NOW)]);
    k.save();
    expect(open().udids()).toEqual([A, B]);
    expect(open().attempts()).toEqual([attempt(A, NOW)]);
  });

  it('are forgotten after thirty days away', () => {
    const k = open();
    k.seen([A, B]);
    now += 29 * DAY;
    expect(k.seen([B])).toEqual([]);
    now += 2 * DAY;
    expect(k.seen([B])).toEqual([A]);
    expect(k.udids()).toEqual([B]);
  });

  it('are no more than sixty-four: who was away longest makes room, nobody who is here', () => {
    const k = open();
    const udid = (i: number) => `00008110-${String(i).padStart(16, '0')}`;
    for (let i = 0; i < 70; i++) {
      now += 1;
      k.seen([udid(i)]);
    }
    expect(k.udids()).toHaveLength(64);
    expect(k.udids()).toContain(udid(69));
    expect(k.udids()).not.toContain(udid(0));
  });

  it.each([
    '',
    'nonsense',
    '{"schema":2}',
    '{"schema":1,"phones":[{"udid":"x","seen":1}]}',
    `{"schema":1,"phones":[{"udid":"${A}","seen":1e400}]}`,
  ])('begin anew from a damaged file: %j', async (text) => {
    await writeFile(join(dir, 'phones.json'), text);
    const k = open();
    expect(k.udids()).toEqual([]);
    k.seen([A]);
    k.save();
    expect(JSON.parse(await readFile(join(dir, 'phones.json'), 'utf8'))).toMatchObject({ phones: [{ udid: A }] });
  });

  it('take no attempt that is another phone’s or another fact', async () => {
    const entry = (fact: Fact) => ({ udid: A, seen: NOW, attempt: fact });
    for (const fact of [attempt(B, NOW), lock(A, NOW)]) {
      await writeFile(join(dir, 'phones.json'), JSON.stringify({ schema: 1, phones: [entry(fact)] }));
      expect(open().attempts()).toEqual([]);
      expect(open().udids()).toEqual([A]);
    }
  });
});

describe('looking at phones', () => {
  const device = (udid: string, deviceId: number): MuxDevice => ({
    deviceId,
    udid,
    connection: 'usb',
    alsoNetwork: false,
    locationId: null,
    productId: null,
    speedBps: null,
    network: null,
  });
  let begun: { udid: string; deviceId: number; signal: AbortSignal; end: (facts?: Fact[]) => void }[];
  let read: (readonly Fact[])[];
  let failed: unknown[];
  let looks: PhoneLooks;
  const tick = () => new Promise((r) => setTimeout(r, 1));
  beforeEach(() => {
    begun = [];
    read = [];
    failed = [];
    looks = new PhoneLooks({
      everyMs: 1_000_000,
      look: (d, signal) =>
        new Promise((resolve) => {
          const end = (facts: Fact[] = []) => resolve(facts);
          signal.addEventListener('abort', () => end([]));
          begun.push({ udid: d.udid, deviceId: d.deviceId, signal, end });
        }),
      read: (facts) => void read.push(facts),
      failed: (e) => void failed.push(e),
    });
  });
  afterEach(async () => {
    await looks.stop();
    expect(failed).toEqual([]);
  });

  it('one conversation per phone, and not again before its time', async () => {
    looks.listed([device(A, 1)]);
    looks.listed([device(A, 1)]);
    expect(begun).toHaveLength(1);
    begun[0]?.end([lock(A, NOW)]);
    await tick();
    looks.listed([device(A, 1)]);
    expect(begun).toHaveLength(1);
    expect(read).toEqual([[lock(A, NOW)]]);
  });

  it('a new attachment is looked at at once; the look at the old one is called off and not believed', async () => {
    looks.listed([device(A, 1)]);
    looks.listed([device(A, 2)]);
    expect(begun[0]?.signal.aborted).toBe(true);
    await tick();
    expect(begun.map((b) => b.deviceId)).toEqual([1, 2]);
    expect(read).toEqual([]);
  });

  it('a phone that is gone is called off', async () => {
    looks.listed([device(A, 1)]);
    looks.listed([]);
    expect(begun[0]?.signal.aborted).toBe(true);
    await tick();
    expect(read).toEqual([]);
  });

  it('no more than eight at once, and a slow one holds up none', async () => {
    const udid = (i: number) => `00008110-${String(i).padStart(16, '0')}`;
    looks.listed(Array.from({ length: 12 }, (_, i) => device(udid(i), i)));
    expect(begun).toHaveLength(8);
    for (const b of begun.slice(1)) b.end();
    await tick();
    expect(begun).toHaveLength(12);
  });

  it('a phone that a fix holds is left alone until it is let go, then looked at again', async () => {
    looks.listed([device(A, 1), device(B, 2)]);
    const free = await looks.hold(A);
    expect(begun[0]?.signal.aborted).toBe(true);
    expect(begun[1]?.signal.aborted).toBe(false);
    looks.want(A);
    looks.listed([device(A, 1), device(B, 2)]);
    expect(begun).toHaveLength(2);
    free();
    free();
    expect(begun.map((b) => b.udid)).toEqual([A, B, A]);
  });

  it('slow questions are asked at the first look, not at every plug, and again once the phone was paired anew', async () => {
    const slow: boolean[] = [];
    let told: ((facts: readonly Fact[]) => void) | null = null;
    let done: (() => void) | null = null;
    const all = new PhoneLooks({
      everyMs: 0,
      slowMs: 1_000_000,
      look: (_d, _signal, more) => {
        slow.push(more.slow);
        told = more.tell;
        return new Promise((resolve) => {
          done = () => resolve([]);
        });
      },
      read: (facts) => void read.push(facts),
      failed: (e) => void failed.push(e),
    });
    all.listed([device(A, 1)]);
    // What is read first is told first.
    (told as unknown as (facts: readonly Fact[]) => void)([lock(A, NOW)]);
    expect(read).toEqual([[lock(A, NOW)]]);
    const end = async () => {
      (done as unknown as () => void)();
      await tick();
    };
    await end();
    all.listed([]);
    all.listed([device(A, 2)]);
    await end();
    all.want(A);
    await end();
    expect(slow.slice(0, 3)).toEqual([true, false, false]);
    expect(slow).toContain(true);
    expect(slow.lastIndexOf(true)).toBeGreaterThan(1);
    void all.stop();
    await end();
  });

  it('a fix of the computer holds all', async () => {
    looks.listed([device(A, 1), device(B, 2)]);
    const free = await looks.hold(null);
    expect(begun.every((b) => b.signal.aborted)).toBe(true);
    looks.listed([device(A, 3), device(B, 4)]);
    expect(begun).toHaveLength(2);
    free();
    expect(begun).toHaveLength(4);
  });
});
