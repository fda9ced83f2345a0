import { type DraftFact, type Machine, readIptables, readNft } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { firewallRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** May names on the local network come in? */
export const firewall: HostProbe = {
  id: 'firewall',
  kinds: ['firewall'],
  cost: 'moderate',
  cadenceMs: 30 * 60_000,
  deadlineMs: 15_000,
  rows: {
    linux: { asks: ['nft-rules', 'iptables-input'], privilege: 'admin', ask: ({ machine }, signal) => askLinux(machine, signal) },
    macos: firewallRow,
    windows: windows.firewallRow,
  },
};

/** nft shows what iptables made, too; where it is not installed, the older tool is asked. */
async function askLinux(machine: Machine, signal: AbortSignal): Promise<DraftFact[]> {
  const nft = readNft(await machine.run('nft-rules', signal));
  const wall = !nft.read && nft.reason === 'missing-tool' ? readIptables(await machine.run('iptables-input', signal)) : nft;
  return [wall.read ? draft.seen('firewall', 'host', wall.wall) : draft.failed('firewall', 'host', wall.reason)];
}
