import { all, any, not } from '../tri.js';
import { type Rule, rule } from './rule.js';

/** What comes before any phone is looked at: who speaks, and whether they can see. */
export const HOST_RULES: readonly Rule[] = [
  // Two computers made from one disk image: whatever either tells overwrites the other's, so nothing about this host can be believed.
  rule({
    id: 'L01',
    name: 'KEY_USED_TWICE',
    scope: 'host',
    layer: 'host',
    health: 'unknown',
    holds: (ask) => ask('key.contested'),
    gone: (ask) => ask('key.quiet'),
    confidence: 0.95,
    evidence: ['key.contested'],
    fixes: [],
    waitsFor: 'it',
  }),
  rule({
    id: 'C97',
    name: 'AGENT_BLIND',
    scope: 'host',
    layer: 'host',
    health: 'unknown',
    holds: (ask) =>
      any(all(ask('bus.blind'), not(ask('list.read'))), all(ask('stack.blind'), not(ask('list.any')), not(ask('mux.answers')))),
    gone: (ask) => any(ask('list.read'), ask('bus.read')),
    patienceMs: 20_000,
    confidence: 0.95,
    evidence: ['bus.blind', 'stack.blind', 'list.read'],
    fixes: [],
    waitsFor: 'it',
  }),
  // The computer reaches the network through the phone's hotspot: what restarts the phone's link cuts the agent off too.
  rule({
    id: 'C103',
    name: 'ROUTE_IS_THIS_PHONE',
    scope: 'host',
    layer: 'host',
    health: 'advisory',
    holds: (ask) => ask('route.is-phone'),
    gone: (ask) => not(ask('route.is-phone')),
    confidence: 0.9,
    evidence: ['route.is-phone'],
    fixes: [],
  }),
  // Idle is a remark about a computer where nothing was plugged in for a day, not a fault.
  rule({
    id: 'C98',
    name: 'NOTHING_PLUGGED',
    scope: 'host',
    layer: 'usb',
    health: 'advisory',
    holds: (ask) => all(not(ask('bus.any')), any(not(ask('list.any')), ask('mux.closed'))),
    gone: (ask) => any(ask('bus.any'), ask('list.any')),
    patienceMs: 86_400_000,
    confidence: 0.9,
    evidence: ['bus.any', 'list.any'],
    fixes: [],
  }),
  // Nearly every Mac has devices of Apple's vendor id inside: a remark, so that nobody takes them for a phone.
  rule({
    id: 'C05',
    name: 'WRONG_DEVICE',
    scope: 'host',
    layer: 'usb',
    health: 'advisory',
    holds: (ask) => all(ask('bus.other'), not(ask('bus.any'))),
    gone: (ask) => any(ask('bus.any'), not(ask('bus.other'))),
    confidence: 0.95,
    evidence: ['bus.other', 'bus.any'],
    fixes: [],
  }),
];
