import { compareVersions } from '../../software/index.js';
import { current } from '../current.js';
import { type Tri, tri } from '../tri.js';
import { from, type Signal } from './signal.js';

/** From this version on, phones tell who they are by tags, and macOS finds them behind a private address (idevice, mdns). */
const TAGS_SINCE = '26.4';

/** The sixth rung's signals. */
export const NETWORK_SIGNALS = {
  'wifi-sync.on': from('wifi-sync', (r) => r.enabled),
  'wifi-sync.unsupported': from('wifi-sync', (r) => (r.supported === null ? null : !r.supported)),
  'advert.heard': from('wifi-advert', () => true, 'no'),
  'advert.matches': from('wifi-advert', (r) =>
    r.tagMatches === null && r.addressMatches === null ? null : r.tagMatches === true || r.addressMatches === true,
  ),
  'advert.other-address': from('wifi-advert', (r) => (r.addressMatches === null ? null : !r.addressMatches && r.tagMatches !== true)),
  'advert.same-network': from('wifi-advert', (r) => r.sameSubnet),
  /** macOS reads the phone's tags: then a private address does not matter. */
  'computer.reads-tags': from('host-os', (r, i) => {
    const self = current(i, 'agent-self');
    if (self?.state !== 'seen' || self.reading.os !== 'macos') return false;
    const order = compareVersions(r.version, TAGS_SINCE);
    return order === null ? null : order >= 0;
  }),
  'responder.down': {
    kind: 'mdns-responder',
    read: (i): Tri => {
      const f = current(i, 'mdns-responder');
      if (f === null || f.state === 'failed') return 'unknown';
      if (f.state === 'absent') return 'yes';
      return f.reading.state === null ? 'unknown' : tri(f.reading.state !== 'running');
    },
  },
  'responder.hears-others': from('mdns-responder', (r) => r.hearsOthers, 'no'),
  'tunnel.up': from('own-route', (r) => r.tunnels.length > 0 || r.via === 'tunnel'),
  'tunnel.takes-local': from('own-route', (r) => (r.tunnels.length === 0 && r.via !== 'tunnel' ? false : r.tunnelTakesLocal)),
  'route.is-phone': from('own-route', (r) => r.via === 'phone'),
  'firewall.blocks-names': from('firewall', (r) => {
    if (r.blocksAll === true || r.publicNetwork === true || r.mdnsAllowed === false) return true;
    return r.blocksAll === null && r.publicNetwork === null && r.mdnsAllowed === null ? null : false;
  }),
  'hosts.overridden': from('hosts-file', (r) => r.appleLines > 0),
  'apple.inspected': from('apple-hosts', (r) => {
    const told = r.hosts.filter((h) => h.issuer !== null);
    return told.length === 0 ? null : told.some((h) => h.issuer === 'private');
  }),
  /** Two of Apple's servers or more cannot be reached, while others can. */
  'apple.blocked': from('apple-hosts', (r) => {
    if (r.captive === true || r.othersReachable === false) return false;
    const bad = r.hosts.filter((h) => h.outcome !== 'ok').length;
    return bad < 2 ? false : r.othersReachable === null ? null : true;
  }),
  'apple.reached': from('apple-hosts', (r) => r.hosts.length > 0 && r.hosts.every((h) => h.outcome === 'ok' && h.issuer !== 'private')),
  'location.sick': from('location-daemon', (r) => {
    if (r.cpuPercent === null && r.crashes24h === null) return null;
    return (r.cpuPercent ?? 0) > 80 || (r.crashes24h ?? 0) > 0;
  }),
} as const satisfies Record<string, Signal>;
