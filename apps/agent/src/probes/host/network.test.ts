import { createHmac, hkdfSync } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Fact } from '@lockstep/core/health';
import { FakeMux, result } from '../../../test/fake-mux.js';
import { phoneAnswer, printerAnswer } from '../../../test/phone-answer.js';
import { encodeMuxPlist, writePlist } from '../../device/index.js';
import { type Heard, type NetInterface, type Network, type Reached, type ReachedHost, RecordedMachine } from '../../machine/index.js';
import { askHost, type HostProbe, type ProbeContext } from '../probe.js';
import { appleHosts } from './apple-hosts.js';
import { mdns } from './mdns.js';
import { isSameSubnet, marksOf, readBrowse, tagMatches } from './wifi-match.js';

const UDID = '00008110-0011223344556677';
const OTHER = '00008101-0099887766554433';
const MAC = 'a4:b1:c1:00:11:22';
const HOST_ID = '6D7B5C8A-0000-4000-8000-000000000001';
const LAN: NetInterface[] = [
  { name: 'wlan0', addresses: [{ address: '192.168.1.5', family: 4, prefix: 24 }] },
  { name: 'wg0', addresses: [{ address: '10.9.0.2', family: 4, prefix: 24 }] },
];

/** The tag a phone makes for a host, by the published recipe. */
function tagFor(hostId: string, identifier: string): string {
  const key = Buffer.from(hkdfSync('sha512', hostId, '', '', 32));
  return createHmac('sha256', key).update(identifier).digest().subarray(0, 8).toString('base64');
}

class FakeNetwork implements Network {
  asked: string[] = [];
  reached: ReachedHost[] = [];
  constructor(
    private readonly heard: Heard[],
    private readonly answers: Partial<Record<ReachedHost, Reached>> = {},
  ) {}
  interfaces = () => LAN;
  async ask(_query: Uint8Array, on: readonly NetInterface[]): Promise<Heard[]> {
    this.asked = on.map((i) => i.name);
    return this.heard;
  }
  async reach(host: ReachedHost): Promise<Reached> {
    this.reached.push(host);
    return this.answers[host] ?? { outcome: 'ok', issuer: 'DigiCert Inc', publiclyTrusted: true };
  }
  captive = async () => false;
}

const from = (bytes: Uint8Array, address = '192.168.1.20'): Heard => ({ interface: 'wlan0', from: address, bytes });

describe('probes of the network', () => {
  let mux: FakeMux | null = null;
  afterEach(async () => {
    await mux?.close();
    mux = null;
  });

  async function ask(probe: HostProbe, network: Network | null, phones: string[] = [UDID], record: Record<string, string> | null = {}) {
    await mux?.close();
    mux = new FakeMux(({ request, tag, socket }) => {
      const known = record !== null && request.PairRecordID === UDID;
      socket.write(
        known
          ? encodeMuxPlist({ PairRecordData: writePlist({ HostID: HOST_ID, WiFiMACAddress: MAC.toUpperCase(), ...record }) }, tag)
          : result(2, tag),
      );
    });
    const ctx: ProbeContext = {
      machine: new RecordedMachine({ os: 'linux', commands: { 'avahi-show': { stdout: 'LoadState=loaded\nActiveState=active\n' } } }),
      mux: await mux.listen(),
      agent: '0.1.0',
      outbox: () => ({ waiting: 0, dropped: 0 }),
      onCrash: (_probe, error) => {
        throw error;
      },
      ...(network ? { network } : {}),
    };
    const facts = await askHost(probe, ctx, phones, undefined);
    return facts.map((f: Fact) => (f.state === 'seen' ? f.reading : f.state === 'failed' ? f.reason : 'absent'));
  }

  it('contact nobody when they are given none', async () => {
    expect(await ask(mdns, null)).toEqual([{ state: 'running', hearsOthers: null }, 'unsupported']);
    expect(await ask(appleHosts, null)).toEqual(['unsupported']);
  });

  it('find a phone by its record’s address, and ask no tunnel', async () => {
    const network = new FakeNetwork([from(phoneAnswer(`${MAC}@fe80::1`)), from(printerAnswer(), '192.168.1.9')]);
    expect(await ask(mdns, network, [UDID, OTHER])).toEqual([
      { state: 'running', hearsOthers: true },
      { addressMatches: true, tagMatches: null, sameSubnet: true },
      'no-session',
    ]);
    expect(network.asked).toEqual(['wlan0']);
  });

  it('find a phone with a private address by its tag, which is made for this computer’s record', async () => {
    const txt = ['identifier=abc', `authTag=${tagFor('somebody else', 'abc')}`, `authTag#2=${tagFor(HOST_ID, 'abc')}`];
    const network = new FakeNetwork([from(phoneAnswer('02:00:00:00:00:01@fe80::1', txt), 'fe80::1%wlan0')]);
    expect(await ask(mdns, network, [UDID, OTHER])).toMatchObject([
      {},
      { addressMatches: false, tagMatches: true, sameSubnet: true },
      'no-session',
    ]);
  });

  it('take the only announcement for the only phone’s, and say that nothing of it fits', async () => {
    const network = new FakeNetwork([from(phoneAnswer('02:00:00:00:00:01@fe80::1'), '10.1.1.1')]);
    expect(await ask(mdns, network)).toMatchObject([{}, { addressMatches: false, tagMatches: null, sameSubnet: false }]);
  });

  it('say that a phone is not heard only when others are', async () => {
    expect(await ask(mdns, new FakeNetwork([from(printerAnswer(), '192.168.1.9')]))).toMatchObject([{ hearsOthers: true }, 'absent']);
    expect(await ask(mdns, new FakeNetwork([]))).toMatchObject([{ hearsOthers: false }, 'unreachable']);
    // What this computer itself answers is nobody else's.
    expect(await ask(mdns, new FakeNetwork([from(printerAnswer(), '192.168.1.5')]))).toMatchObject([{ hearsOthers: false }, 'unreachable']);
  });

  it('tell Apple’s own authority, a public one, and somebody in between', async () => {
    const network = new FakeNetwork([], {
      'gdmf.apple.com': { outcome: 'ok', issuer: 'Apple Inc.', publiclyTrusted: false },
      'gs.apple.com': { outcome: 'ok', issuer: 'Corp Proxy', publiclyTrusted: false },
      'mesu.apple.com': { outcome: 'no-name' },
    });
    const [reading] = await ask(appleHosts, network);
    expect(reading).toMatchObject({ othersReachable: true, captive: false });
    const hosts = (reading as { hosts: { host: string; outcome: string; issuer: string | null }[] }).hosts;
    expect(hosts.find((h) => h.host === 'gdmf.apple.com')).toMatchObject({ outcome: 'ok', issuer: 'apple' });
    expect(hosts.find((h) => h.host === 'gs.apple.com')).toMatchObject({ outcome: 'ok', issuer: 'private' });
    expect(hosts.find((h) => h.host === 'mesu.apple.com')).toMatchObject({ outcome: 'no-name', issuer: null });
    expect(hosts.find((h) => h.host === 'albert.apple.com')).toMatchObject({ issuer: 'public' });
    expect(hosts).toHaveLength(network.reached.length - 1);
  });
});

describe('what is compared', () => {
  it('is two values of the record, read and let go', () => {
    expect(marksOf(writePlist({ HostID: 'x', WiFiMACAddress: 'A4:B1:C1:00:11:22' }))).toEqual({ hostId: 'x', mac: MAC });
    expect(marksOf(writePlist({}))).toEqual({ hostId: null, mac: null });
    expect(marksOf(Buffer.from('garbage'))).toBeNull();
  });

  it('is nothing where an announcement has none', () => {
    const [advert] = readBrowse([from(phoneAnswer('no-address-in-it'))], LAN).adverts;
    if (!advert) throw new Error('not heard');
    expect(advert).toMatchObject({ mac: null, identifier: null, authTags: [] });
    expect(tagMatches(advert, { hostId: 'x', mac: null })).toBeNull();
    expect(tagMatches({ ...advert, identifier: 'a', authTags: ['not base64!', ''] }, { hostId: 'x', mac: null })).toBe(false);
    expect(isSameSubnet({ ...advert, from: '300.1.1.1' }, LAN)).toBeNull();
    expect(isSameSubnet({ ...advert, interface: 'eth9' }, LAN)).toBeNull();
  });
});
