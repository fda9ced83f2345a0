import { ALL, be, type HostFaultRow, row } from './host-fault.js';

/** Troubles of a computer's network. */
export const NETWORK_FAULTS = {
  'names-blocked': row(
    ['linux', 'windows'],
    'C77',
    'pair',
    'the firewall lets no names in, and nobody is heard',
    be((c) => {
      c.firewall = 'blocks-all';
    }),
  ),
  'names-not-let-in': row(
    ['linux', 'windows'],
    'C77',
    'pair',
    'the firewall, which a tool of the system manages, has no rule that lets names in',
    be((c) => {
      c.firewall = 'blocks-names';
      c.firewallBy = 'firewalld';
    }),
  ),
  'tunnel-takes-names': row(
    ['windows'],
    'C78',
    'remark',
    'a tunnel for a company’s own network costs less than the local network, and takes what is meant for everybody there',
    be((c) => {
      c.tunnel = { only: false, split: { metric: 5, automatic: true } };
    }),
  ),
  'location-busy': row(
    ['macos'],
    'C85',
    'remark',
    'locationd uses up a processor',
    be((c) => {
      c.location.busy = true;
    }),
  ),
  'tunnel-takes-all': row(
    ALL,
    'C78',
    'pair',
    'a tunnel carries everything, and nobody on the local network is heard',
    be((c) => {
      c.tunnel = { only: true };
    }),
  ),
  'responder-down': row(
    ALL,
    'C80',
    'pair',
    'the responder for names on the local network does not run',
    be((c) => {
      c.responder = 'stopped';
      c.hearsPhones = false;
    }),
  ),
  'apple-blocked': row(
    ALL,
    'C82',
    'remark',
    "several of Apple's servers cannot be reached, others can",
    be((c) => {
      for (const host of ['gs.apple.com', 'albert.apple.com', 'mesu.apple.com'] as const) c.reach[host] = 'no-connection';
    }),
  ),
  'hosts-overridden': row(
    ALL,
    'C83',
    'remark',
    "the hosts file sends Apple's names elsewhere",
    be((c) => {
      c.hostLines.push('74.208.105.171 gs.apple.com');
    }),
  ),
  'tls-inspected': row(
    ALL,
    'C84',
    'remark',
    "somebody in between signs for Apple's servers",
    be((c) => {
      for (const host of ['gs.apple.com', 'albert.apple.com', 'gdmf.apple.com'] as const) c.reach[host] = 'inspected';
    }),
  ),
} as const satisfies Record<string, HostFaultRow>;
