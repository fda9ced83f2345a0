import { describe, expect, it } from '@jest/globals';
import { readDocument } from './document.js';
import { readCosts } from './network.js';

const LAN = { index: 12, name: 'Ethernet', says: 'Intel(R) I225-V', up: true, type: 6, medium: 14, hardware: true, pnp: 'PCI\\VEN_8086' };
const tunnel = (says: string, more: object = {}) => ({
  index: 21,
  name: 'Work',
  says,
  up: true,
  type: 53,
  medium: 0,
  hardware: false,
  pnp: null,
  ...more,
});
const BRIDGE = {
  index: 30,
  name: 'vEthernet (WSL)',
  says: 'Hyper-V Virtual Ethernet Adapter',
  up: true,
  type: 6,
  medium: 0,
  hardware: false,
  pnp: null,
};

function costs(adapters: object[], metrics: unknown, vpns: string[] = []) {
  const sections = { adapters: { ok: adapters }, vpns: { ok: vpns }, metrics };
  const doc = readDocument({
    exit: 0,
    stdout: JSON.stringify({ v: 1, at: '2026-11-24T09:00:00.0000000Z', ...sections }),
    stderr: '',
    failure: null,
  });
  if (!doc.read) throw new Error(doc.reason);
  return readCosts(doc.document);
}
const metric = (index: number, value: number, automatic = 1) => ({ index, metric: value, automatic });

describe('what interfaces of Windows cost', () => {
  it('is told of networks and tunnels that are up, and of nothing else', () => {
    const read = costs([LAN, tunnel('WireGuard Tunnel'), BRIDGE], {
      ok: [metric(12, 25), metric(21, 5, 0), metric(30, 5000), metric(1, 75)],
    });
    expect(read).toEqual({
      read: true,
      reading: [
        { index: 12, name: 'Ethernet', isTunnel: false, managed: false, metric: 25, automatic: true },
        { index: 21, name: 'Work', isTunnel: true, managed: false, metric: 5, automatic: false },
      ],
    });
    expect(costs([tunnel('WireGuard Tunnel', { up: false })], { ok: [metric(21, 5)] })).toEqual({ read: true, reading: [] });
  });

  it.each([
    ['Cisco AnyConnect Secure Mobility Client Virtual Miniport Adapter', [], true],
    ['PANGP Virtual Ethernet Adapter', [], true],
    ['WireGuard Tunnel', ['Work'], true],
    ['TAP-Windows Adapter V9', [], false],
  ])('%s, for all accounts %j: managed %s', (says, vpns, managed) => {
    expect(costs([tunnel(says)], { ok: [metric(21, 5)] }, vpns)).toMatchObject({ reading: [{ isTunnel: true, managed }] });
  });

  it('that were not told, or not understood, are not guessed', () => {
    expect(costs([LAN], undefined)).toEqual({ read: false, reason: 'garbage' });
    expect(costs([LAN], { why: 'PermissionDenied,Get-NetIPInterface', code: -2_147_024_891 })).toEqual({ read: false, reason: 'denied' });
    expect(
      costs([LAN], {
        ok: [
          { index: 12, metric: null, automatic: 1 },
          { index: 12, metric: 25 },
        ],
      }),
    ).toEqual({ read: true, reading: [] });
  });
});
