import { describe, expect, it } from '@jest/globals';
import { RecordedMachine, type Recording } from '../machine/index.js';
import { routeIsPhone } from './route.js';

const HEADER = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const viaDefault = (name: string) => `${name}\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n`;
const viaNet = (name: string) => `${name}\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n`;
const LO6 = `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} ffffffff 00000001 00000000 00200200       lo\n`;

function machine(routes: string, sysfs: Recording['sysfs'] = {}, six = LO6) {
  return new RecordedMachine({ os: 'linux', files: { 'routes-4': HEADER + routes, 'routes-6': six }, ...(sysfs && { sysfs }) });
}

const ETHERNET = { 'class/net/eth0/device': { link: '../../../0000:00:1f.6' } };
const PHONE = { 'class/net/usb0/device': { link: '../../../1-2:4.2' }, 'bus/usb/devices/1-2/idVendor': '05ac' };
const DONGLE = { 'class/net/usb0/device': { link: '../../../1-2:1.0' }, 'bus/usb/devices/1-2/idVendor': '0bda' };

describe('the agent’s own way to the network', () => {
  it.each([
    ['an ordinary card', viaDefault('eth0'), ETHERNET, false],
    ['a phone’s hotspot', viaDefault('usb0'), PHONE, true],
    ['a USB network adapter', viaDefault('usb0'), DONGLE, false],
    ['a card, with a phone beside it', viaDefault('eth0') + viaNet('usb0'), { ...ETHERNET, ...PHONE }, false],
    ['a tunnel over a card', viaDefault('tun0') + viaNet('eth0'), ETHERNET, false],
    ['a tunnel, with a phone that carries a route', viaDefault('tun0') + viaNet('usb0'), PHONE, true],
    ['nothing at all', '', {}, false],
  ])('%s', async (_name, routes, sysfs, expected) => {
    expect(await routeIsPhone(machine(routes, sysfs))).toBe(expected);
  });

  it('also reads IPv6', async () => {
    const six = `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     usb0\n`;
    expect(await routeIsPhone(machine('', PHONE, six))).toBe(true);
  });

  it('is unknown where it cannot be read', async () => {
    const m = new RecordedMachine({ os: 'linux' });
    m.readFile = async (id) => {
      const { ReadFailed } = await import('../machine/index.js');
      throw new ReadFailed('denied', id);
    };
    expect(await routeIsPhone(m)).toBeNull();
  });
});
