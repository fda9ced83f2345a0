import { describe, expect, it } from '@jest/globals';
import { type BootDevice, startNormally } from './boot-loader.js';

const ECID = '001122334455667A';
const serial = (ecid: string) => `CPID:8110 CPRV:11 CPFM:03 SCEP:01 BDID:0C ECID:${ecid} IBFL:3C SRNM:[F2LX00000000]`;

/** A device that writes down what it is told, and can fail at one line or at being opened. */
class Fake implements BootDevice {
  readonly said: string[] = [];
  opened = 0;
  closed = 0;
  constructor(
    readonly serialNumber: string | null,
    readonly productId = 0x1281,
    readonly vendorId = 0x05ac,
    private readonly fails: string | null = null,
  ) {}
  async open() {
    if (this.fails === 'open') throw new Error('LIBUSB_ERROR_ACCESS');
    this.opened++;
  }
  async close() {
    this.closed++;
  }
  async nativeControlTransferOut(setup: object, timeout: number, data?: Uint8Array | null) {
    expect([setup, timeout]).toEqual([{ requestType: 'vendor', recipient: 'device', request: 0, value: 0, index: 0 }, 5_000]);
    const line = Buffer.from(data ?? []).toString('latin1');
    if (this.fails !== null && line === `${this.fails}\0`) throw new Error('LIBUSB_ERROR_NO_DEVICE');
    this.said.push(line);
    return line.length;
  }
}

describe('telling a boot loader to start normally', () => {
  it('says three lines, each with its NUL, to that phone alone', async () => {
    const other = new Fake(serial('00AABBCCDDEEFF01'));
    const own = new Fake(serial(ECID));
    expect(await startNormally(ECID, async () => [other, own])).toBe('sent');
    expect(own.said).toEqual(['setenv auto-boot true\0', 'saveenv\0', 'reboot\0']);
    expect([own.closed, other.opened, other.said]).toEqual([1, 0, []]);
  });

  it('a phone that is gone before it acknowledged the last line was told', async () => {
    const own = new Fake(serial(ECID), 0x1281, 0x05ac, 'reboot');
    expect(await startNormally(ECID, async () => [own])).toBe('sent');
    expect(own.closed).toBe(1);
  });

  it.each([
    ['in DFU, where nothing listens', new Fake(serial(ECID), 0x1227)],
    ['booted', new Fake(ECID.padStart(24, '0'), 0x12a8)],
    ['of somebody else’s make', new Fake(serial(ECID), 0x1281, 0x1234)],
    ['another one', new Fake(serial('00AABBCCDDEEFF01'))],
    ['one whose serial number cannot be read', new Fake(null)],
  ])('nothing is said to a device that is %s', async (_name, device) => {
    expect(await startNormally(ECID, async () => [device])).toBe('not-found');
    expect([device.opened, device.said]).toEqual([0, []]);
  });

  it('tells apart what may not be opened, what broke off, and a computer without the package', async () => {
    expect(await startNormally(ECID, async () => [new Fake(serial(ECID), 0x1281, 0x05ac, 'open')])).toBe('not-permitted');
    const own = new Fake(serial(ECID), 0x1281, 0x05ac, 'saveenv');
    expect(await startNormally(ECID, async () => [own])).toBe('broken-off');
    expect([own.said, own.closed]).toEqual([['setenv auto-boot true\0'], 1]);
    expect(await startNormally(ECID, async () => Promise.reject(new Error('Cannot find native binding')))).toBe('unsupported');
  });
});
