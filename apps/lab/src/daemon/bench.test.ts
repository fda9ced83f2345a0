import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MuxClient, newPairingKeys, PairRecord, pairRecordMetadata } from '@lockstep/agent/device';
import { FAULTS, linkedStreams, ManualClock, PHONE_FAULT_IDS } from '../phone/index.js';
import { SysfsTree } from '../sysfs/index.js';
import { Bench, BenchError } from './bench.js';

/** One set for all: making keys is nearly all of the time that pairing takes. */
const keys = newPairingKeys();

describe('Bench', () => {
  let dir: string;
  let clock: ManualClock;
  let bench: Bench;
  const onBus = (location: string) => existsSync(join(dir, 'sys/bus/usb/devices', location));
  const attribute = (name: string) => readFileSync(join(dir, 'sys/bus/usb/devices', name), 'utf8').trim();
  const listed = () => bench.mux.attached.map((a) => a.phone.name);
  const open = () =>
    new Bench({ seed: 'bench', recordsDir: join(dir, 'records'), tree: new SysfsTree(join(dir, 'sys')), clock, keys: () => keys });

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'));
    clock = new ManualClock();
    bench = open();
    bench.add({ name: 'anna' });
    bench.add({ name: 'ben' });
    await bench.mux.start();
  });
  afterEach(async () => {
    await bench.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('keeps bus and list in step with the cable', () => {
    expect([onBus('1-1'), listed()]).toEqual([false, []]);
    bench.plug('anna');
    bench.plug('ben');
    bench.plug('anna');
    expect([onBus('1-1'), onBus('1-2'), listed()]).toEqual([true, true, ['anna', 'ben']]);
    expect(bench.mux.attached[0]?.locationId).toBe(0x10000 + Number(attribute('1-1/devnum')));
    bench.unplug('anna');
    expect([onBus('1-1'), listed()]).toEqual([false, ['ben']]);
    bench.plug('anna');
    expect(bench.mux.attached.map((a) => a.deviceId)).toEqual([2, 3]);
    expect(bench.status()[0]).toMatchObject({ name: 'anna', plugged: true, deviceId: 3, location: '1-1', faults: [], dialog: false });
  });

  it('gives each phone its own identity, the same for the same seed', () => {
    const other = new Bench({ seed: 'bench', recordsDir: join(dir, 'other') });
    expect(other.add({ name: 'anna' }).udid).toBe(bench.phone('anna').udid);
    expect(bench.phone('ben').udid).not.toBe(bench.phone('anna').udid);
    expect(() => bench.add({ name: 'anna' })).toThrow(BenchError);
    expect(() => bench.phone('nobody')).toThrow('no phone is called "nobody"; there are anna, ben');
  });

  it('not-listed: on the bus with its interface, missing in the list until the daemon starts anew', async () => {
    bench.plug('anna');
    bench.setFault('anna', 'not-listed');
    expect([onBus('1-1'), attribute('1-1:4.1/bInterfaceSubClass'), listed()]).toEqual([true, 'fe', []]);
    await bench.mux.restart();
    expect([listed(), [...bench.phone('anna').faults]]).toEqual([['anna'], []]);
  });

  it('preflight-dropped: listed once, then given up, with a word in the log; found again at the next start', async () => {
    bench.setFault('anna', 'preflight-dropped');
    bench.plug('anna');
    expect([onBus('1-1'), attribute('1-1:4.1/bInterfaceSubClass'), listed()]).toEqual([true, 'fe', []]);
    const { udid } = bench.phone('anna');
    const said = bench.mux.log.map((line) => line.text);
    expect(said).toContain(`[3] Connected to v2.0 device 1 on location 0x10002 with serial number ${udid}`);
    expect(said.at(-2)).toBe(
      `[1] preflight_worker_handle_device_add: ERROR: Could not connect to lockdownd on device ${udid}, lockdown error -8`,
    );
    await bench.mux.restart();
    expect([listed(), [...bench.phone('anna').faults]]).toEqual([['anna'], []]);
    bench.setFault('anna', 'preflight-dropped');
    expect(listed()).toEqual([]);
    bench.clearFault('anna');
    expect(listed()).toEqual(['anna']);
  });

  it('wifi-only and wifi-too: listed over the network, without or with the cable', () => {
    const ways = () => bench.mux.attached.map((a) => `${a.phone.name} ${a.via}`);
    bench.setFault('anna', 'wifi-too');
    bench.plug('anna');
    expect([onBus('1-1'), ways()]).toEqual([true, ['anna usb', 'anna network']]);
    expect(bench.status()[0]?.deviceId).toBe(1);
    bench.clearFault('anna');
    expect(ways()).toEqual(['anna usb']);
    bench.setFault('anna', 'wifi-only');
    expect([onBus('1-1'), ways()]).toEqual([false, ['anna network']]);
    bench.phone('anna').enterRecovery();
    bench.unplug('anna');
    expect(ways()).toEqual([]);
    bench.phone('anna').restart();
    bench.plug('anna');
    expect(ways()).toEqual(['anna network']);
    bench.clearFault('anna');
    expect([onBus('1-1'), ways()]).toEqual([true, ['anna usb']]);
  });

  it('no-mux-interface: on the bus without the interface, missing in the list, also after a restart of the daemon', async () => {
    bench.plug('anna');
    const before = Number(attribute('1-1/devnum'));
    bench.setFault('anna', 'no-mux-interface');
    await bench.mux.restart();
    expect([attribute('1-1/bNumConfigurations'), onBus('1-1:4.1'), listed()]).toEqual(['1', false, []]);
    expect(Number(attribute('1-1/devnum'))).toBeGreaterThan(before);
    bench.clearFault('anna');
    expect([onBus('1-1:4.1'), listed()]).toEqual([true, ['anna']]);
  });

  it('flap: leaves and returns with a new DeviceID and a higher devnum until it ends, plugged in', () => {
    const events: string[] = [];
    bench.plug('anna');
    bench.on('change', () =>
      events.push(listed().length === 1 ? `in ${bench.mux.attached[0]?.deviceId} ${attribute('1-1/devnum')}` : 'out'),
    );
    bench.setFault('anna', 'flap');
    clock.advance(1_500);
    expect([onBus('1-1'), listed()]).toEqual([false, []]);
    clock.advance(4_500);
    expect([...new Set(events)]).toEqual(['in 1 2', 'out', 'in 2 3', 'in 3 4', 'in 4 5']);
    clock.advance(1_600);
    expect(onBus('1-1')).toBe(false);
    bench.clearFault('anna', 'flap');
    expect([onBus('1-1'), listed()]).toEqual([true, ['anna']]);
    clock.advance(60_000);
    expect(listed()).toEqual(['anna']);
  });

  it('a phone that flaps and is pulled stays out', () => {
    bench.plug('anna');
    bench.setFault('anna', 'flap');
    clock.advance(1_600);
    bench.unplug('anna');
    clock.advance(60_000);
    expect([onBus('1-1'), listed()]).toEqual([false, []]);
    bench.clearFault('anna');
    expect(onBus('1-1')).toBe(false);
  });

  it('recovery: another product on the bus, not listed, until it restarts', async () => {
    bench.plug('anna');
    const phone = bench.phone('anna');
    phone.enterRecovery();
    await new Promise((done) => setImmediate(done));
    expect([attribute('1-1/idProduct'), listed(), phone.mode]).toEqual(['1281', [], 'recovery']);
    phone.restart();
    expect([attribute('1-1/idProduct'), listed()]).toEqual(['12a8', ['anna']]);
  });

  it('pairs phone and computer, once, also over a restart of the lab', async () => {
    await bench.pair('anna');
    const phone = bench.phone('anna');
    bench.plug('anna');
    const client = new MuxClient({
      open: async () => {
        const [here, there] = linkedStreams();
        bench.mux.serve(there);
        return here;
      },
    });
    const stored = PairRecord.parse((await client.readPairRecord(phone.udid)) ?? Buffer.alloc(0));
    expect([stored.hasEscrowBag, stored.systemBuid, phone.trustedHosts]).toEqual([true, await client.readBuid(), [stored.hostId]]);
    const before = bench.mux.records.read(phone.udid);
    await bench.pair('anna');
    expect(bench.mux.records.read(phone.udid)).toEqual(before);
  });

  it('certificates-ended: paired eleven years ago; the next pairing is of today, and ends it', async () => {
    const ends = () => {
      const stored = bench.mux.records.read(bench.phone('anna').udid);
      return typeof stored === 'number' ? null : Date.parse(pairRecordMetadata(stored, null).endsAt ?? '');
    };
    await bench.begin('anna', 'certificates-ended');
    expect(ends()).toBeLessThan(clock.now());
    await bench.pair('anna');
    expect(ends()).toBeGreaterThan(clock.now());
    expect(bench.phone('anna').faults.size).toBe(0);
  });

  it('begins with each fault as the table says, whatever was before', async () => {
    const phone = bench.phone('anna');
    for (const start of ['paired', 'none', ...PHONE_FAULT_IDS] as const) {
      await bench.begin('anna', start);
      const recordThere = typeof bench.mux.records.read(phone.udid) !== 'number';
      expect({ start, recordThere, faults: [...phone.faults] }).toEqual({
        start,
        recordThere: FAULTS[start].paired,
        faults: FAULTS[start].place === 'start' ? [] : [start],
      });
      // Only the fault that is about forgetting leaves a record that the phone does not know.
      expect([start, phone.trustedHosts.length]).toEqual([start, FAULTS[start].paired && start !== 'forgets-host' ? 1 : 0]);
    }
  });

  it('leaves no socket and no tree behind', async () => {
    const path = join(dir, 'usbmuxd');
    await bench.mux.stop();
    await bench.mux.listen({ kind: 'unix', path });
    bench.plug('anna');
    await bench.close();
    expect([existsSync(path), existsSync(join(dir, 'sys/bus'))]).toEqual([false, false]);
    bench = open();
  });
});
