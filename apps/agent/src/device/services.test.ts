import { type Duplex, duplexPair } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { failureOf } from '../../test/fake-phone.js';
import type { PlistDict, PlistValue } from '../machine/index.js';
import { parsePlistDict } from '../machine/index.js';
import { DiagnosticsRelay, readBattery } from './diagnostics-relay.js';
import { DeviceError, failReasonOf } from './errors.js';
import { keepBeating, readHeartbeat } from './heartbeat.js';
import type { LockdownClient } from './lockdown-client.js';
import { readDomain } from './lockdown-domains.js';
import { encodeLockdownFrame, encodeLockdownPlist, LockdownFrames } from './lockdown-frames.js';
import { cloudConfigurationOf, readCloudConfiguration } from './mobile-config.js';
import { NOTICES, NotificationProxy } from './notification-proxy.js';
import { pairUntilAnswered } from './pairing.js';
import { openService, ServiceConnection } from './service-connection.js';
import { TrustWake } from './trust-wake.js';

const streams: Duplex[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.destroy();
});

/** A connection to a service that answers each message by a script; `said` holds what it was told. */
function serviceOf(script: (message: PlistDict, say: (answer: PlistDict) => void) => void = () => {}, more: { replyMs?: number } = {}) {
  const [here, there] = duplexPair();
  streams.push(here, there);
  const said: PlistDict[] = [];
  const say = (answer: PlistDict) => void (there.destroyed || there.write(encodeLockdownPlist(answer)));
  const frames = new LockdownFrames();
  there.on('data', (chunk: Buffer) => {
    for (const body of frames.push(chunk)) {
      const message = parsePlistDict(body);
      said.push(message);
      script(message, say);
    }
  });
  there.on('error', () => {});
  here.on('close', () => there.destroy());
  there.on('close', () => here.destroy());
  return { connection: new ServiceConnection(here, { service: 'test', certificate: 'matches', ...more }), peer: there, said, say };
}

describe('heartbeat', () => {
  it('answers every Marco with Polo until it is stopped, and closes', async () => {
    const { connection, said, say } = serviceOf((_, again) => setTimeout(() => again({ Command: 'Marco', Interval: 10 }), 1));
    const stopping = new AbortController();
    say({ Command: 'Marco', Interval: 10 });
    const end = await keepBeating(connection, { signal: stopping.signal, onBeat: (n) => n === 5 && stopping.abort() });
    expect(end).toEqual({ end: 'stopped', beats: 5 });
    expect(said.slice(0, 4)).toEqual(Array(4).fill({ Command: 'Polo' }));
    expect(connection.over).toBe(true);
  });

  it('ends when the phone goes to sleep, hangs up, talks nonsense, or stays silent', async () => {
    const signal = new AbortController().signal;
    const asleep = serviceOf();
    asleep.say({ Command: 'Unknown' });
    asleep.say({ Command: 'SleepyTime' });
    expect(await keepBeating(asleep.connection, { signal })).toEqual({ end: 'asleep', beats: 0 });
    const gone = serviceOf(() => gone.peer.end());
    gone.say({ Command: 'Marco' });
    expect(await keepBeating(gone.connection, { signal })).toEqual({ end: 'lost', beats: 1, failure: { kind: 'closed' } });
    const mad = serviceOf();
    mad.peer.write(encodeLockdownFrame(Buffer.from('what?')));
    expect(await keepBeating(mad.connection, { signal })).toEqual({ end: 'lost', beats: 0, failure: { kind: 'garbage' } });
    const mute = serviceOf();
    mute.say({ Command: 'Marco', Interval: 1 });
    const began = performance.now();
    expect(await keepBeating(mute.connection, { signal, graceMs: -900 })).toEqual({ end: 'lost', beats: 1, failure: { kind: 'timeout' } });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('gives up on a phone that beats like mad', async () => {
    const { connection, said, say } = serviceOf();
    for (let i = 0; i < 1_000; i++) say({ Command: 'Marco', Interval: 10 });
    const end = await keepBeating(connection, { signal: new AbortController().signal });
    expect(end).toMatchObject({ end: 'lost', failure: { kind: 'garbage' } });
    expect(end.beats).toBeLessThan(300);
    expect(said.length).toBeLessThan(300);
  });

  it('takes an interval for patience, within bounds', () => {
    const told = (Interval: PlistValue) => readHeartbeat({ Command: 'Marco', Interval });
    expect(told(10)).toEqual({ says: 'marco', intervalMs: 10_000 });
    expect([told(0), told(1e9), told('x'), told(2n ** 60n)].map((m) => (m?.says === 'marco' ? m.intervalMs : m))).toEqual([
      1_000, 600_000, 10_000, 10_000,
    ]);
    expect(readHeartbeat({})).toBeNull();
  });
});

describe('notification_proxy', () => {
  it('tells what was asked for, once it is asked, and nothing else', async () => {
    const { connection, said, say } = serviceOf();
    const proxy = new NotificationProxy(connection);
    proxy.observe(NOTICES.requestPair, NOTICES.deviceName);
    proxy.observe(NOTICES.requestPair);
    for (const name of ['com.example.other', NOTICES.hostAttached, NOTICES.deviceName]) say({ Command: 'RelayNotification', Name: name });
    say({ Command: 'RelayNotification', Name: NOTICES.requestPair });
    expect(await proxy.next({ ms: 5_000 })).toBe(NOTICES.deviceName);
    expect(await proxy.next({ ms: null })).toBe(NOTICES.requestPair);
    expect(said).toEqual([
      { Command: 'ObserveNotification', Name: NOTICES.requestPair },
      { Command: 'ObserveNotification', Name: NOTICES.deviceName },
    ]);
    say({ Command: 'ProxyDeath' });
    expect(await failureOf(proxy.next({ ms: null }))).toEqual({ kind: 'closed' });
    expect(connection.over).toBe(true);
  });

  it('waits no longer than it was told, whatever else comes in', async () => {
    const { connection, say } = serviceOf();
    const proxy = new NotificationProxy(connection);
    const noise = setInterval(() => say({ Command: 'RelayNotification', Name: 'com.example.noise' }), 30);
    expect(await failureOf(proxy.next({ ms: 200 }))).toEqual({ kind: 'timeout' });
    clearInterval(noise);
  });
});

describe('the sign that Trust was tapped', () => {
  /** lockdownd that starts the service, or refuses in its word. */
  const lockdown = (word?: string) =>
    ({
      session: null,
      startService: async () => {
        if (word !== undefined) throw new DeviceError('StartService', { kind: 'lockdown', word, code: null });
        return { port: 49_152, tls: false };
      },
    }) as unknown as LockdownClient;

  async function wakeOf() {
    const [here, there] = duplexPair();
    streams.push(here, there);
    there.resume();
    const wake = await TrustWake.open({ mux: { connect: async () => here }, deviceId: 1, lockdown: lockdown() });
    if (wake === null) throw new Error('no wake');
    return { wake, peer: there, tap: () => there.write(encodeLockdownPlist({ Command: 'RelayNotification', Name: NOTICES.requestPair })) };
  }

  it('ends a wait at once, also when it came just before', async () => {
    const { wake, tap } = await wakeOf();
    const began = performance.now();
    setTimeout(tap, 20);
    expect(await wake.wait(20_000)).toBe(true);
    tap();
    await sleep(50);
    expect(await wake.wait(20_000)).toBe(true);
    expect(performance.now() - began).toBeLessThan(10_000);
    wake.close();
  });

  it('missing, a wait lasts its time; stopped, it says so', async () => {
    const { wake, peer } = await wakeOf();
    peer.end();
    const began = performance.now();
    expect(await wake.wait(80)).toBe(true);
    expect(performance.now() - began).toBeGreaterThan(60);
    expect(await wake.wait(20_000, AbortSignal.timeout(20))).toBe(false);
    expect(await wake.wait(20_000, AbortSignal.abort())).toBe(false);
  });

  it('is not there on a phone that refuses it; other failures are told', async () => {
    const route = { mux: { connect: () => Promise.reject(new DeviceError('Connect', { kind: 'closed' })) }, deviceId: 1 };
    expect(await TrustWake.open({ ...route, lockdown: lockdown('InvalidService') })).toBeNull();
    expect(await failureOf(TrustWake.open({ ...route, lockdown: lockdown() }))).toEqual({ kind: 'closed' });
  });

  it('lets Pair be asked at the tap instead of at the next turn', async () => {
    const { wake, tap } = await wakeOf();
    let tapped = false;
    let asked = 0;
    const began = performance.now();
    const answer = await pairUntilAnswered(
      async () => {
        asked++;
        if (tapped) throw new DeviceError('Pair', { kind: 'lockdown', word: 'UserDeniedPairing', code: -18 });
        throw new DeviceError('Pair', { kind: 'lockdown', word: 'PairingDialogResponsePending', code: -19 });
      },
      undefined as never,
      {
        wake,
        everyMs: 15_000,
        ms: 60_000,
        onAwaiting: () =>
          setTimeout(() => {
            tapped = true;
            tap();
          }, 30),
      },
    );
    expect([answer.outcome, asked, performance.now() - began < 10_000]).toEqual(['denied', 2, true]);
    wake.close();
  });
});

describe('diagnostics_relay', () => {
  const entry = {
    CycleCount: 212,
    DesignCapacity: 3_227,
    NominalChargeCapacity: 2_904,
    MaxCapacity: 100,
    Temperature: 2_910,
    Serial: 'F8Y',
  };
  const answers = (table: Record<string, PlistDict>) =>
    serviceOf((message, say) => say(table[String(message.Request)] ?? { Status: 'UnknownRequest' }));

  it('tells the health of the battery, and not its serial number', async () => {
    const { connection, said } = answers({
      IORegistry: { Status: 'Success', Diagnostics: { IORegistry: entry } },
      Goodbye: { Status: 'Success' },
    });
    const relay = new DiagnosticsRelay(connection);
    expect(await relay.battery()).toEqual({ cycles: 212, designMah: 3_227, fullMah: 2_904, healthPercent: 90, temperatureC: 29.1 });
    await relay.close();
    expect(said).toEqual([{ Request: 'IORegistry', EntryClass: 'IOPMPowerSource' }, { Request: 'Goodbye' }]);
    expect(connection.over).toBe(true);
    await relay.close();
  });

  it('asks the gauge where the registry has no battery, and tells of none where there is none', async () => {
    const gauge = { GasGauge: { CycleCount: 7, DesignCapacity: 1_000, FullChargeCapacity: 1_010, Status: 'Success' } };
    const old = answers({ IORegistry: { Status: 'Success', Diagnostics: {} }, GasGauge: { Status: 'Success', Diagnostics: gauge } });
    expect(await new DiagnosticsRelay(old.connection).battery()).toMatchObject({ cycles: 7, fullMah: 1_010, healthPercent: 101 });
    const none = answers({ IORegistry: { Status: 'Success' }, GasGauge: { Status: 'Success', Diagnostics: { GasGauge: 'x' } } });
    expect(await new DiagnosticsRelay(none.connection).battery()).toBeNull();
  });

  it.each([
    [{ CycleCount: -1, DesignCapacity: 0, NominalChargeCapacity: 1e9, Temperature: 1e9 }],
    [{ CycleCount: 'many', DesignCapacity: true, NominalChargeCapacity: new Date(0), Temperature: [] }],
    [{ CycleCount: 2n ** 60n, DesignCapacity: Number.NaN }],
    [{}],
  ] satisfies [PlistDict][])('believes no battery that cannot be: %#', (nonsense) => {
    expect(readBattery(nonsense)).toEqual({ cycles: null, designMah: null, fullMah: null, healthPercent: null, temperatureC: null });
  });

  it('tells no health beyond what batteries have', () => {
    expect(readBattery({ DesignCapacity: 1_000, NominalChargeCapacity: 9_000 })).toMatchObject({ fullMah: 9_000, healthPercent: null });
  });

  it('refuses in the phone’s own word and goes on', async () => {
    const { connection } = answers({ GasGauge: { Status: 'Failure' } });
    const relay = new DiagnosticsRelay(connection);
    const refused = await relay.battery().catch((e: unknown) => e);
    expect(refused).toMatchObject({ failure: { kind: 'lockdown', word: 'UnknownRequest', code: null } });
    expect(failReasonOf(refused)).toBe('unsupported');
    expect(connection.over).toBe(false);
  });

  it('restarts once, and does not know when no answer comes', async () => {
    const good = answers({ Restart: { Status: 'Success' } });
    await new DiagnosticsRelay(good.connection).restart();
    expect(good.said).toEqual([{ Request: 'Restart' }]);
    const cut = serviceOf((_, _say) => cut.peer.destroy());
    expect(await failureOf(new DiagnosticsRelay(cut.connection).restart())).toEqual({ kind: 'closed' });
    expect(cut.said).toHaveLength(1);
  });

  it('restarts nobody who may be somebody else', async () => {
    for (const [certificate, failure] of [
      ['differs', { kind: 'impostor' }],
      [null, { kind: 'denied', code: 'NO_SESSION' }],
    ] as const) {
      const [here, there] = duplexPair();
      streams.push(here, there);
      const connection = new ServiceConnection(here, { service: 'test', certificate });
      expect(await failureOf(new DiagnosticsRelay(connection).restart())).toEqual(failure);
      expect(there.read()).toBeNull();
    }
  });

  it('takes an answer without a status, or without end, for none', async () => {
    const odd = serviceOf((_, say) => say({ Diagnostics: {} }));
    expect(await failureOf(new DiagnosticsRelay(odd.connection).battery())).toEqual({ kind: 'garbage' });
    expect(odd.connection.over).toBe(true);
    const large = serviceOf(() => large.peer.write(Buffer.from('7fffffff00', 'hex')));
    expect(await failureOf(new DiagnosticsRelay(large.connection).battery())).toMatchObject({ kind: 'too-large' });
    const mute = serviceOf(undefined, { replyMs: 50 });
    expect(await failureOf(new DiagnosticsRelay(mute.connection).battery())).toEqual({ kind: 'timeout' });
  });
});

describe('the cloud configuration', () => {
  it('tells who rules over the phone', async () => {
    const told = { IsSupervised: true, OrganizationName: 'Lockstep Ltd', AllowPairing: false, OrganizationPhone: '1' };
    const { connection } = serviceOf((_, say) => say({ Status: 'Acknowledged', CloudConfiguration: told }));
    expect(await readCloudConfiguration(connection)).toEqual({ supervised: true, organisation: 'Lockstep Ltd', allowsPairing: false });
    expect(cloudConfigurationOf({ CloudConfiguration: { IsSupervised: 1 } })).toEqual({
      supervised: null,
      organisation: null,
      allowsPairing: null,
    });
    const refusing = serviceOf((_, say) => say({ Status: 'Error' }));
    expect(await failureOf(readCloudConfiguration(refusing.connection))).toMatchObject({ kind: 'lockdown', word: 'Error' });
  });
});

describe('domains', () => {
  const asked: (string | null)[][] = [];
  const client = (answer: (key: string | null) => PlistValue) =>
    ({
      getValue: async (domain: string | null, key: string | null) => {
        asked.push([domain, key]);
        return answer(key);
      },
    }) as unknown as LockdownClient;
  const refuse = (word: string): never => {
    throw new DeviceError('GetValue', { kind: 'lockdown', word, code: null });
  };

  it('are read key by key; what is missing, kept back or of another type says so', async () => {
    asked.length = 0;
    const reading = await readDomain(
      client((key) => {
        if (key === 'BatteryCurrentCapacity') return 80;
        if (key === 'BatteryIsCharging') return 'yes';
        return refuse(key === 'FullyCharged' ? 'GetProhibited' : 'MissingValue');
      }),
      'battery',
    );
    expect(reading.values).toEqual({ BatteryCurrentCapacity: 80, BatteryIsCharging: null, ExternalConnected: null, FullyCharged: null });
    expect(reading.unread).toEqual({ BatteryIsCharging: 'garbage', ExternalConnected: 'missing', FullyCharged: 'prohibited' });
    expect(asked.every(([domain, key]) => domain === 'com.apple.mobile.battery' && key !== null)).toBe(true);
  });

  it('believe no size that cannot be', async () => {
    for (const value of [-1, 1.5, 2n ** 63n, Number.NaN]) {
      const { unread } = await readDomain(
        client(() => value),
        'diskUsage',
      );
      expect(new Set(Object.values(unread))).toEqual(new Set(['garbage']));
    }
  });

  it('end at any other refusal', async () => {
    expect(
      await failureOf(
        readDomain(
          client(() => refuse('PasswordProtected')),
          'backup',
        ),
      ),
    ).toMatchObject({ word: 'PasswordProtected' });
  });
});

describe('opening a service', () => {
  it('closes what it opened when it is stopped, or when the phone wants encryption without a record', async () => {
    const [here, there] = duplexPair();
    streams.push(here, there);
    const stopping = new AbortController();
    const lockdown = { session: null, startService: async () => ({ port: 50_000, tls: false }) } as unknown as LockdownClient;
    const mux = {
      connect: async () => {
        stopping.abort();
        return here;
      },
    };
    expect(await failureOf(openService({ mux, deviceId: 1, lockdown, record: null }, 'x', { signal: stopping.signal }))).toEqual({
      kind: 'aborted',
    });
    expect(here.destroyed).toBe(true);
    const wantsTls = { session: null, startService: async () => ({ port: 50_000, tls: true }) } as unknown as LockdownClient;
    expect(await failureOf(openService({ mux, deviceId: 1, lockdown: wantsTls, record: null }, 'x'))).toEqual({
      kind: 'denied',
      code: 'NO_PAIR_RECORD',
    });
  });
});
