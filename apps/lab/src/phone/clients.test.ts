import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DIAGNOSTICS_SERVICE,
  DiagnosticsRelay,
  HEARTBEAT_SERVICE,
  keepBeating,
  NOTICES,
  NOTIFICATION_PROXY,
  NotificationProxy,
  openService,
  type PairRecord,
  readDomain,
  TrustWake,
} from '@lockstep/agent/device';
import { failureOf, PhoneTrial } from '../../test/phone-trial.js';
import { ManualClock } from './clock.js';
import type { PhoneFaultId } from './faults.js';

/** The agent's own clients against a phone of the lab. */
const trial = new PhoneTrial({ name: 'anna', seed: 'clients-test' });
let record: PairRecord;
let paired: PairRecord;

beforeAll(async () => {
  ({ record } = await trial.records());
});
beforeEach(async () => {
  trial.fresh();
  paired = await trial.pair(record);
});
afterEach(() => trial.close());

/** Lets what was written arrive, without time going on. */
const settle = () => new Promise((done) => setTimeout(done, 30));

describe('services inside a session', () => {
  it('tell the health of the battery, worn or not', async () => {
    for (const [fault, health] of [
      [null, { cycles: 212, designMah: 3_227, fullMah: 2_904, healthPercent: 90, temperatureC: 29.1 }],
      ['battery-worn', { cycles: 1_041, designMah: 3_227, fullMah: 1_968, healthPercent: 61, temperatureC: 29.1 }],
    ] as const) {
      if (fault !== null) trial.phone.setFault(fault);
      const route = await trial.session(paired);
      const connection = await openService(route, DIAGNOSTICS_SERVICE);
      expect(connection.certificate).toBe('matches');
      const relay = new DiagnosticsRelay(connection);
      expect(await relay.battery()).toEqual(health);
      await relay.close();
      await route.lockdown.close();
    }
  });

  it('restart the phone', async () => {
    const route = await trial.session(paired);
    const left = new Promise((done) => trial.phone.once('mode', done));
    await route.lockdown.enterRecovery();
    expect(await left).toBe('recovery');
    trial.phone.restart();
    const again = await trial.session(paired);
    await new DiagnosticsRelay(await openService(again, DIAGNOSTICS_SERVICE)).restart();
    for (let i = 0; i < 100 && again.lockdown.session !== null; i++) await settle();
    expect(await failureOf(again.lockdown.queryType())).toBe('closed');
  });

  it('relay notices', async () => {
    const route = await trial.session(paired);
    const proxy = new NotificationProxy(await openService(route, NOTIFICATION_PROXY.trusted));
    proxy.observe(NOTICES.deviceName);
    await settle();
    trial.phone.postNotice(NOTICES.diskUsage);
    trial.phone.postNotice(NOTICES.deviceName);
    expect(await proxy.next({ ms: 10_000 })).toBe(NOTICES.deviceName);
    proxy.close();
    await route.lockdown.close();
  });

  it('take the escrow key of the record, and no other', async () => {
    const route = await trial.session(paired);
    (await openService(route, HEARTBEAT_SERVICE, { escrow: true })).close();
    const wrong = paired.granted({ escrowBag: new Uint8Array(32) });
    expect(await failureOf(openService({ ...route, record: wrong }, HEARTBEAT_SERVICE, { escrow: true }))).toBe('EscrowLocked');
    expect(await failureOf(openService(route, 'com.apple.no.such.service'))).toBe('InvalidService');
    expect(route.lockdown.session).not.toBeNull();
    await route.lockdown.close();
  });

  it('of an impostor are refused; where the policy is to warn they are told apart, and get no order', async () => {
    trial.phone.setFault('impostor');
    expect(await failureOf(trial.session(paired))).toBe('impostor');
    const route = await trial.session(paired, { certificate: 'warn' });
    expect(route.lockdown.session?.certificate).toBe('differs');
    const connection = await openService(route, DIAGNOSTICS_SERVICE);
    expect(connection.certificate).toBe('differs');
    const relay = new DiagnosticsRelay(connection);
    expect(await relay.battery()).toMatchObject({ cycles: 212 });
    expect(await failureOf(relay.restart())).toBe('impostor');
    expect(await failureOf(openService(route, HEARTBEAT_SERVICE, { escrow: true }))).toBe('impostor');
    expect(await failureOf(route.lockdown.setWifiConnections(true))).toBe('impostor');
    await relay.close();
    await route.lockdown.close();
  });
});

describe('domains', () => {
  it('tell battery, space, Wi-Fi sync, backups, state and clock, key by key', async () => {
    const { lockdown } = await trial.session(paired);
    const read = async (name: Parameters<typeof readDomain>[1]) => {
      const { values, unread } = await readDomain(lockdown, name);
      expect(unread).toEqual({});
      return values;
    };
    expect(await read('battery')).toEqual({
      BatteryCurrentCapacity: 80,
      BatteryIsCharging: true,
      ExternalConnected: true,
      FullyCharged: false,
    });
    expect(await read('diskUsage')).toMatchObject({ TotalDiskCapacity: 128_000_000_000, TotalDataAvailable: 61_412_999_168 });
    expect(await read('wifiSync')).toEqual({ EnableWifiConnections: true, SupportsWifiSyncing: true });
    expect(await read('backup')).toEqual({ WillEncrypt: true, RequiresEncryption: false });
    expect(await read('trusted')).toMatchObject({ ActivationState: 'Activated', PasswordProtected: false, TimeZone: 'Etc/UTC' });
    expect(await read('general')).toMatchObject({ DeviceClass: 'iPhone', ProductType: trial.phone.identity.productType });
    for (const name of ['requirements', 'supervision', 'findMy', 'developerMode', 'language'] as const) await read(name);
    await lockdown.close();
  });

  it('are kept back without a session, all but what is for anybody', async () => {
    const lockdown = trial.client();
    expect((await readDomain(lockdown, 'battery')).unread).toEqual({
      BatteryCurrentCapacity: 'prohibited',
      BatteryIsCharging: 'prohibited',
      ExternalConnected: 'prohibited',
      FullyCharged: 'prohibited',
    });
    expect((await readDomain(lockdown, 'general')).unread).toEqual({});
    expect((await readDomain(lockdown, 'requirements')).unread).toEqual({});
    await lockdown.close();
  });

  it.each([
    ['wifi-sync-off', 'wifiSync', { EnableWifiConnections: false }],
    ['storage-full', 'diskUsage', { TotalDataAvailable: 314_572_800 }],
    ['not-activated', 'trusted', { ActivationState: 'Unactivated' }],
  ] as const)('%s shows in %s', async (fault, name, values) => {
    trial.phone.setFault(fault);
    const { lockdown } = await trial.session(paired);
    expect((await readDomain(lockdown, name)).values).toMatchObject(values);
    await lockdown.close();
  });

  it('clock-skew shows in the phone’s own time', async () => {
    trial.phone.setFault('clock-skew');
    const { lockdown } = await trial.session(paired);
    const { TimeIntervalSince1970: told } = (await readDomain(lockdown, 'trusted')).values;
    expect(Math.round((Number(told) - Date.now() / 1_000) / 3_600)).toBe(-26);
    await lockdown.close();
  });

  it('let Wi-Fi sync be switched on again, which ends the fault', async () => {
    trial.phone.setFault('wifi-sync-off');
    const { lockdown } = await trial.session(paired);
    await lockdown.setWifiConnections(true);
    expect([trial.phone.wifiConnections, trial.phone.faults.size]).toEqual([true, 0]);
    await lockdown.setWifiConnections(false);
    expect((await readDomain(lockdown, 'wifiSync')).values.EnableWifiConnections).toBe(false);
    await lockdown.close();
  });
});

describe('words of refusal', () => {
  it.each([
    ['before-first-unlock', 'EscrowLocked'],
    ['lost-mode', 'FMiPProtected'],
    ['restoring', 'InvalidRequest'],
  ] satisfies [PhoneFaultId, string][])('%s: StartSession answers %s', async (fault, word) => {
    trial.phone.setFault(fault);
    expect(await failureOf(trial.client().startSession(paired))).toBe(word);
  });

  it.each([
    ['lost-mode', { outcome: 'refused', error: 'FMiPProtected', code: -37 }],
    ['record-unsavable', { outcome: 'refused', error: 'SavePairRecordFailed', code: -30 }],
  ] as const)('%s: Pair answers %j', async (fault, answer) => {
    trial.fresh();
    if (fault === 'record-unsavable') {
      await trial.client().pair(record, { ms: 0 });
      trial.phone.tapTrust();
    }
    trial.phone.setFault(fault);
    expect(await trial.client().pair(record, { ms: 0 })).toEqual(answer);
    expect(trial.phone.trustedHosts).toEqual([]);
  });

  it('service-prohibited: a session works, StartService answers ServiceProhibited', async () => {
    trial.phone.setFault('service-prohibited');
    const route = await trial.session(paired);
    expect(await failureOf(openService(route, DIAGNOSTICS_SERVICE))).toBe('ServiceProhibited');
    await route.lockdown.close();
  });

  it('restoring: something else answers', async () => {
    trial.phone.setFault('restoring');
    expect(await trial.client().queryType()).toBe('com.apple.mobile.restored');
  });

  it('before-first-unlock ends with the passcode', async () => {
    trial.phone.setFault('before-first-unlock');
    trial.phone.unlock();
    await (await trial.session(paired)).lockdown.close();
  });
});

describe('waiting for the holder', () => {
  it('ends at the tap, not at the next turn', async () => {
    trial.fresh();
    const lockdown = trial.client();
    const wake = await TrustWake.open(trial.route(lockdown));
    if (wake === null) throw new Error('no wake');
    const began = performance.now();
    const answer = await lockdown.pair(record, { wake, everyMs: 25_000, ms: 100_000, onAwaiting: () => void trial.phone.tapTrust() });
    expect([answer.outcome, performance.now() - began < 20_000]).toEqual(['accepted', true]);
    wake.close();
    await lockdown.close();
  });
});

describe('a phone on the network', () => {
  it('does not pair, nor give the key that pairing needs', async () => {
    const lockdown = trial.client({}, 'network');
    expect(await failureOf(lockdown.getValue(null, 'DevicePublicKey'))).toBe('GetProhibited');
    const fresh = await trial.recordFor('another');
    expect(await lockdown.pair(fresh, { ms: 0 })).toEqual({
      outcome: 'refused',
      error: 'PairingProhibitedOverThisConnection',
      code: -36,
    });
    await lockdown.close();
  });

  it('keeps its conversation there when the cable is pulled, and ends it when it restarts', async () => {
    const cable = await trial.session(paired);
    const air = await trial.session(paired, {}, 'network');
    trial.phone.unplugged();
    expect(await failureOf(cable.lockdown.queryType())).toBe('closed');
    expect(await failureOf(air.lockdown.queryType())).toBe('no error');
    trial.phone.restart();
    expect(await failureOf(air.lockdown.queryType())).toBe('closed');
  });

  it('ends a session whose heartbeat nobody answers, and keeps one alive whose is', async () => {
    const clock = new ManualClock();
    for (const answered of [false, true]) {
      trial.fresh({ clock });
      const own = await trial.pair(record);
      const route = await trial.session(own, {}, 'network');
      const stopping = new AbortController();
      const beating = answered ? keepBeating(await openService(route, HEARTBEAT_SERVICE), { signal: stopping.signal }) : null;
      for (let s = 0; s < 45; s += 5) {
        clock.advance(5_000);
        await settle();
      }
      expect(await failureOf(route.lockdown.queryType())).toBe(answered ? 'no error' : 'closed');
      stopping.abort();
      const end = await beating;
      if (answered) expect(end).toMatchObject({ end: 'stopped', beats: expect.any(Number) });
      expect(end?.beats ?? 5).toBeGreaterThan(3);
    }
  });
});
