import { type CommandId, differByMarks, HOSTS_MARK, HostsNotWritten, type Params, type Ran } from '@lockstep/agent/machine';
import type { ComputerView, HostCondition } from '../condition.js';
import type { EffectLog } from '../effects.js';
import { document, rows } from '../windows-document.js';

/** What the local network's interface costs on a PC, where Windows chose it. */
export const LAN_METRIC = 25;
/** And what a tunnel costs, which Windows takes for fast. */
const TUNNEL_METRIC = 5;
/** Windows' number of the tunnel. */
export const TUNNEL_INDEX = 21;
/** The line that every hosts file of a simulated computer begins with. */
export const HOSTS_HEAD = '127.0.0.1 localhost';

const ended = (exit: number, stdout = '', stderr = ''): Ran => ({ exit, stdout, stderr, failure: null });
const MISSING: Ran = { exit: null, stdout: '', stderr: '', failure: 'missing-tool' };

/** Whether what others on the local network say to everybody reaches the computer. */
export function namesComeIn({ firewall, namesLetIn, tunnel }: HostCondition): boolean {
  // What only the tunnel would carry is not heard, nor what it takes because it costs least.
  if (tunnel?.only || (tunnel?.split && tunnel.split.metric <= LAN_METRIC)) return false;
  return firewall === 'open' || (namesLetIn && firewall !== 'public');
}

export interface NetworkWorld {
  effects: EffectLog;
  condition(): HostCondition;
  view(): ComputerView;
}

/** What tools that change the network do to a simulated computer: responders, firewalls, clocks, metrics and the hosts file. */
export class NetworkTools {
  /** Commands that say that they did it and change nothing, as on a computer where something else undoes it. */
  readonly inert = new Set<CommandId | 'hosts'>();

  constructor(private readonly world: NetworkWorld) {}

  /** What one of their commands says and does; null for a command that is none of theirs. */
  act(id: CommandId, params: Params): Ran | null {
    const c = this.world.condition();
    switch (id) {
      case 'resolved-flush':
        return MISSING;
      case 'dns-cache-flush':
      case 'names-flush':
        return this.did(id, () => {});
      case 'avahi-restart':
        if (c.responder === 'missing')
          return ended(5, '', 'Failed to restart avahi-daemon.service: Unit avahi-daemon.service not found.\n');
        return this.did(id, () => wake(c));
      case 'responder-hup':
        if (c.responder !== 'running') return ended(1, '', 'No matching processes were found\n');
        return this.did(id, () => {});
      case 'responder-kickstart':
        return this.did(id, () => wake(c));
      case 'bonjour-restart':
        return this.scriptDid(id, 'restarted', () => wake(c));
      case 'names-rule-add':
        return this.scriptDid(id, 'made', () => {
          c.namesLetIn = true;
        });
      case 'firewalld-names-now':
        if (c.firewallBy !== 'firewalld' || params.zone !== c.zone) return ended(112, '', 'Error: INVALID_ZONE\n');
        return this.did(id, () => {
          c.namesLetIn = true;
        });
      case 'firewalld-names-kept':
        return this.did(id, () => {});
      case 'ufw-names':
        return this.did(id, () => {
          c.namesLetIn = true;
        });
      case 'clock-set':
      case 'time-resync':
      case 'timesyncd-restart':
        return this.did(id, () => {
          c.clockAheadS = 0;
        });
      case 'ntp-on':
        return this.did(id, () => {});
      case 'time-service-start':
        return this.did(id, () => {});
      case 'chrony-step':
        return MISSING;
      case 'locationd-term':
        return this.did(id, () => {
          c.location = { busy: false, pid: c.location.pid + 1_000 };
        });
      case 'location-restart':
        return this.scriptDid(id, 'restarted', () => {});
      case 'geoclue-restart':
        return this.did(id, () => {});
      case 'metric-set':
        return this.metric(id, params, { metric: Number(params.metric), automatic: false });
      case 'metric-automatic':
        return this.metric(id, params, { metric: TUNNEL_METRIC, automatic: true });
      default:
        return null;
    }
  }

  /** The hosts file as the real one is written: only over what was read, and only marks before lines. */
  writeHosts(from: Uint8Array, to: Uint8Array): void {
    if (!differByMarks(from, to)) throw new HostsNotWritten('not-comments');
    const c = this.world.condition();
    if (Buffer.from(from).toString('latin1') !== hostsText(c)) throw new HostsNotWritten('changed');
    this.world.effects.add({ effect: 'hosts-written' });
    if (this.inert.has('hosts')) return;
    c.hostLines = Buffer.from(to)
      .toString('latin1')
      .split('\n')
      .slice(1)
      .filter((l) => l !== '');
  }

  private did(id: CommandId, change: () => void): Ran {
    this.world.effects.add({ effect: 'command-acted', command: id });
    if (!this.inert.has(id)) change();
    return ended(0);
  }

  private scriptDid(id: CommandId, word: string, change: () => void): Ran {
    this.did(id, change);
    return { ...ended(0), ...document(this.world.view(), { done: rows(word) }) };
  }

  private metric(id: CommandId, params: Params, to: { metric: number; automatic: boolean }): Ran {
    const { tunnel } = this.world.condition();
    if (!tunnel?.split || params.ifindex !== String(TUNNEL_INDEX)) return ended(1, '', 'No MSFT_NetIPInterface objects found\r\n');
    return this.did(id, () => {
      tunnel.split = { ...tunnel.split, ...to };
    });
  }
}

/** A responder that was down hears the phones again. */
function wake(c: HostCondition): void {
  if (c.responder !== 'running') c.hearsPhones = true;
  c.responder = 'running';
}

/** The whole hosts file. */
export function hostsText({ hostLines }: HostCondition): string {
  return [HOSTS_HEAD, ...hostLines].map((l) => `${l}\n`).join('');
}

/** Whether a line of it was switched off by a fix. */
export const isOff = (line: string): boolean => line.startsWith(HOSTS_MARK);

/** What those who manage a Linux computer's packet filter say; null for a command that is none of theirs. */
export function firewallSays(id: CommandId, { firewallBy, zone }: HostCondition): Partial<Ran> | null {
  switch (id) {
    case 'firewalld-state':
      return firewallBy === 'firewalld' ? ended(0, 'running\n') : MISSING;
    case 'firewalld-zones':
      return firewallBy === 'firewalld' ? ended(0, `${zone}\n  interfaces: eth0\nlibvirt\n  interfaces: virbr0\n`) : MISSING;
    case 'ufw-status':
      return firewallBy === 'ufw' ? ended(0, 'Status: active\n\nTo                         Action      From\n') : MISSING;
    default:
      return null;
  }
}
