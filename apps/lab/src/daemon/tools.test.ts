import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newPairingKeys } from '@lockstep/agent/device';
import type { PhoneFaultId } from '../phone/index.js';
import { Bench } from './bench.js';

/** What a tool came to: exit code and both outputs as one text. */
interface Run {
  code: number;
  text: string;
}

/** Runs a tool of libimobiledevice against an address. Never blocks this process, which serves the tool. */
function tool(address: string, name: string, ...args: string[]): Promise<Run> {
  return new Promise((done, fail) => {
    execFile(name, args, { env: { ...process.env, USBMUXD_SOCKET_ADDRESS: address }, timeout: 25_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') fail(new Error(`${name} ${args.join(' ')}: ${error.message}`));
      else done({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
    });
  });
}

// Before anything is served, so that waiting blocks nobody.
const missing = ['idevice_id', 'ideviceinfo', 'idevicepair', 'idevicediagnostics'].filter(
  (name) => spawnSync(name, ['--version']).error !== undefined,
);
if (missing.length > 0) {
  process.stdout.write(`libimobiledevice's tools are left out: ${missing.join(', ')} not found (Debian: libimobiledevice-utils)\n`);
}
const whereInstalled = missing.length > 0 ? describe.skip : describe;

const keys = newPairingKeys();

whereInstalled.each(['unix', 'tcp'] as const)("libimobiledevice's tools over %s", (kind) => {
  let dir: string;
  let bench: Bench;
  let address: string;
  let udid: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'));
    bench = new Bench({ seed: `tools-${kind}`, recordsDir: join(dir, 'records'), keys: () => keys });
    udid = bench.add({ name: 'anna', deviceName: 'Anna’s iPhone 📱', udidStyle: kind === 'unix' ? 'new' : 'sha1' }).udid;
    bench.plug('anna');
    address = await bench.mux.listen(kind === 'unix' ? { kind, path: join(dir, 'usbmuxd') } : { kind, host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await bench.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('list the phone', async () => {
    expect(await tool(address, 'idevice_id', '-l')).toEqual({ code: 0, text: `${udid}\n` });
  });

  it('read values without a session', async () => {
    const run = await tool(address, 'ideviceinfo', '-s');
    expect(run.code).toBe(0);
    expect(run.text).toContain(`UniqueDeviceID: ${udid}\n`);
    expect(run.text).toContain('DeviceName: Anna’s iPhone 📱\n');
    expect(run.text).not.toContain('SerialNumber');
  });

  it('pair after the holder tapped Trust, validate, read in a session, and unpair', async () => {
    const asked = await tool(address, 'idevicepair', 'pair');
    expect(asked.code).toBe(1);
    expect(asked.text).toContain('Please accept the trust dialog');
    expect(bench.phone('anna').tapTrust()).toBe(true);
    expect(await tool(address, 'idevicepair', 'pair')).toEqual({ code: 0, text: `SUCCESS: Paired with device ${udid}\n` });
    expect(await tool(address, 'idevicepair', 'validate')).toEqual({ code: 0, text: `SUCCESS: Validated pairing with device ${udid}\n` });
    const info = await tool(address, 'ideviceinfo');
    expect(info.code).toBe(0);
    expect(info.text).toContain(`SerialNumber: ${bench.phone('anna').identity.serialNumber}\n`);
    const battery = await tool(address, 'ideviceinfo', '-q', 'com.apple.mobile.battery', '-k', 'BatteryCurrentCapacity');
    expect(battery).toEqual({ code: 0, text: '80\n' });
    expect(await tool(address, 'idevicepair', 'unpair')).toEqual({ code: 0, text: `SUCCESS: Unpaired with device ${udid}\n` });
    expect(bench.phone('anna').trustedHosts).toEqual([]);
    expect(typeof bench.mux.records.read(udid)).toBe('number');
  });

  it.each([
    ['before-first-unlock', 'Escrow lockded (-35)'],
    ['lost-mode', '(-37)'],
    ['supervised-closed', '(-38)'],
    ['supervised-challenge', '(-39)'],
    ['locked', 'Password protected (-17)'],
    ['trust-pending', 'Pairing dialog response pending (-19)'],
    ['trust-ignored', 'Pairing dialog response pending (-19)'],
    ['trust-denied', 'User denied pairing (-18)'],
    ['forgets-host', 'Invalid HostID (-21)'],
    ['session-locked', 'Password protected (-17)'],
    ['refused', 'Mux error (-8)'],
    ['tls-cut', 'SSL error (-5)'],
    ['garbage', '(-3)'],
  ] satisfies [PhoneFaultId, string][])('%s: %s', async (fault, words) => {
    await bench.begin('anna', fault);
    const run = await tool(address, 'ideviceinfo');
    expect(run.text).toContain(words);
    expect(run.code).toBe(255);
  });

  it('read the battery: its domain, and its health from diagnostics', async () => {
    await bench.begin('anna', 'paired');
    const battery = await tool(address, 'ideviceinfo', '-q', 'com.apple.mobile.battery');
    expect([battery.code, battery.text.split('\n').filter((l) => /^(Battery|Fully|External)/.test(l)).length]).toEqual([0, 5]);
    for (const [fault, full, cycles] of [
      [null, 2_904, 212],
      ['battery-worn', 1_968, 1_041],
    ] as const) {
      if (fault !== null) bench.setFault('anna', fault);
      for (const what of ['All', 'GasGauge']) {
        const run = await tool(address, 'idevicediagnostics', 'diagnostics', what);
        expect(run.code).toBe(0);
        expect(run.text.replace(/\s+/g, '')).toContain(`<key>FullChargeCapacity</key><integer>${full}</integer>`);
      }
      const entry = await tool(address, 'idevicediagnostics', 'ioregentry', 'AppleSmartBattery');
      expect(entry.text.replace(/\s+/g, '')).toContain(`<key>CycleCount</key><integer>${cycles}</integer>`);
    }
  });

  it('restart the phone', async () => {
    await bench.begin('anna', 'paired');
    const run = await tool(address, 'idevicediagnostics', 'restart');
    expect([run.code, run.text.trim()]).toEqual([0, 'Restarting device.']);
  });

  it.each([
    ['supervised-closed', '-38'],
    ['supervised-challenge', '-39'],
    ['record-unsavable', '-30'],
  ] satisfies [PhoneFaultId, string][])('pair: %s is %s', async (fault, code) => {
    await bench.begin('anna', fault);
    await tool(address, 'idevicepair', 'pair');
    bench.phone('anna').tapTrust();
    const run = await tool(address, 'idevicepair', 'pair');
    expect([run.code, run.text]).toEqual([1, expect.stringContaining(`unhandled error code ${code}`)]);
  });

  it('tell a phone on the network from one on a cable', async () => {
    await bench.begin('anna', 'wifi-too');
    const entry = (over: string) => `${udid} (${over})\n`;
    expect((await tool(address, 'idevice_id')).text).toBe(entry('USB') + entry('Network'));
    bench.clearFault('anna');
    bench.setFault('anna', 'wifi-only');
    expect((await tool(address, 'idevice_id', '-l')).text).toBe('');
    expect((await tool(address, 'idevice_id', '-n')).text).toBe(`${udid}\n`);
    // Reading is left out: these tools do not ask the multiplexer for such a phone but go to its address, where the lab has nothing.
    bench.clearFault('anna');
    expect((await tool(address, 'idevice_id', '-l')).text).toBe(`${udid}\n`);
  });

  it('accept an impostor, which is why this project pins the certificate', async () => {
    await bench.begin('anna', 'impostor');
    const run = await tool(address, 'ideviceinfo', '-k', 'ProductType');
    expect(run).toEqual({ code: 0, text: `${bench.phone('anna').identity.productType}\n` });
  });

  it('work with a locked phone that is paired', async () => {
    await bench.begin('anna', 'paired');
    bench.phone('anna').lock();
    expect(await tool(address, 'ideviceinfo', '-k', 'PasswordProtected')).toEqual({ code: 0, text: 'true\n' });
    bench.phone('anna').unlock();
  });

  it('find nothing while the phone is not listed, unplugged, or the daemon is down', async () => {
    await bench.begin('anna', 'not-listed');
    expect((await tool(address, 'ideviceinfo', '-s')).text).toContain('No device found');
    bench.clearFault('anna');
    bench.unplug('anna');
    expect((await tool(address, 'ideviceinfo', '-s')).text).toContain('No device found');
    bench.plug('anna');
    await bench.setMuxFault('mux-crashed');
    expect((await tool(address, 'idevice_id', '-l')).code).not.toBe(0);
    await bench.setMuxFault(null);
    expect((await tool(address, 'idevice_id', '-l')).text).toBe(`${udid}\n`);
  });
});
