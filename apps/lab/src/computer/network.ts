import { type Heard, type NetInterface, type Network, REACHED_HOSTS, type Reached, type ReachedHost } from '@lockstep/agent/machine';
import { namesComeIn } from './acts/index.js';
import type { HostCondition } from './condition.js';

/** A phone that announces itself for Wi-Fi sync. */
export interface Announced {
  wifiAddress: string;
}

/** Where the simulated computer, a printer and the phones are: a private network as homes and offices have it (RFC 1918). */
const INTERFACE: NetInterface = { name: 'en0', addresses: [{ address: '192.168.0.17', family: 4, prefix: 24 }] };
const PRINTER = '192.168.0.40';
const phoneAddress = (n: number) => `192.168.0.${60 + n}`;
const MOBDEV = ['_apple-mobdev2', '_tcp', 'local'];
const ANYTHING = ['_services', '_dns-sd', '_udp', 'local'];
const PTR = 12;

/** The network around a simulated computer. It contacts nobody: what would be heard and reached is the computer's condition. */
export class SimulatedNetwork implements Network {
  constructor(
    private readonly condition: () => HostCondition,
    private readonly phones: () => readonly Announced[],
  ) {}

  interfaces(): NetInterface[] {
    return [INTERFACE];
  }

  async ask(): Promise<Heard[]> {
    const condition = this.condition();
    if (!namesComeIn(condition)) return [];
    const { hearsOthers, hearsPhones } = condition;
    const phones = hearsPhones ? this.phones() : [];
    return [
      ...(hearsOthers ? [heard(PRINTER, pointer(ANYTHING, ['_ipp', '_tcp', 'local']))] : []),
      ...phones.map((p, n) => heard(phoneAddress(n), pointer(MOBDEV, [`${p.wifiAddress}@fe80::1`, ...MOBDEV]))),
    ];
  }

  async reach(host: ReachedHost): Promise<Reached> {
    const how = this.condition().reach[host];
    if (how === 'inspected') return { outcome: 'ok', issuer: 'Company TLS Inspection', publiclyTrusted: false };
    if (how !== undefined) return { outcome: how };
    return REACHED_HOSTS[host] === 'apple'
      ? { outcome: 'ok', issuer: 'Apple Inc.', publiclyTrusted: true }
      : { outcome: 'ok', issuer: 'DigiCert Inc', publiclyTrusted: true };
  }

  async captive(): Promise<boolean> {
    return false;
  }
}

function heard(from: string, bytes: Uint8Array): Heard {
  return { interface: INTERFACE.name, from, bytes };
}

/** An answer with one PTR record (RFC 1035, 4.1). */
function pointer(name: readonly string[], to: readonly string[]): Uint8Array {
  const target = labels(to);
  const head = Buffer.from([0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  const record = Buffer.alloc(10);
  record.writeUInt16BE(PTR, 0);
  record.writeUInt16BE(1, 2);
  record.writeUInt32BE(4_500, 4);
  record.writeUInt16BE(target.length, 8);
  return Buffer.concat([head, labels(name), record, target]);
}

function labels(parts: readonly string[]): Buffer {
  const written = parts.map((part) => {
    const bytes = Buffer.from(part, 'utf8');
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return Buffer.concat([...written, Buffer.from([0])]);
}
