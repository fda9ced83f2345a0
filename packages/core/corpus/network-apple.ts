import type { Reading } from '../src/health/index.js';
import { type Change, cases, h } from './given.js';
import { HOUR, MINUTE } from './moments.js';
import { asked, noRecord, noWifi, unheard } from './states.js';

type AppleHost = Reading<'apple-hosts'>['hosts'][number];
/** Some of Apple's servers do not answer as they should. */
function hosts(changed: Record<string, Partial<AppleHost>>, rest: Partial<Reading<'apple-hosts'>> = {}): Change {
  return (so) => {
    const before = so.host['apple-hosts'] as Reading<'apple-hosts'>;
    return { host: { 'apple-hosts': { ...before, hosts: before.hosts.map((one) => ({ ...one, ...changed[one.host] })), ...rest } } };
  };
}
const unreachable = { outcome: 'no-connection' as const, issuer: null };

/** The way to Apple’s servers, and what is suspected of phone and computer. */
export const NETWORK_APPLE = cases('single', [
  {
    id: 'C83/gs-apple-com',
    base: 'macos15',
    says: 'The hosts file sends gs.apple.com elsewhere, a leftover of a downgrade tool.',
    with: [h('hosts-file', { appleLines: 1, names: ['gs.apple.com'] })],
    expect: 'C83',
    never: ['C82', 'C84'],
    because: 'The line is there.',
  },
  {
    id: 'C83/update-hosts-windows',
    base: 'windows-itunes',
    says: 'Three of Apple’s update servers stand in the hosts file.',
    with: [h('hosts-file', { appleLines: 3, names: ['mesu.apple.com', 'gdmf.apple.com', 'swcdn.apple.com'] })],
    expect: 'C83',
    because: 'The lines are there.',
  },
  {
    id: 'C83/unreachable-because-of-it',
    base: 'linux',
    says: 'gs.apple.com points at 127.0.0.1, and so it and its neighbour cannot be reached.',
    with: [
      h('hosts-file', { appleLines: 2, names: ['gs.apple.com', 'albert.apple.com'] }),
      hosts({ 'gs.apple.com': unreachable, 'albert.apple.com': unreachable }),
    ],
    expect: 'C83',
    never: ['C82'],
    because: 'The hosts file explains what cannot be reached.',
  },
  {
    id: 'C84/private-issuer-macos',
    base: 'macos26',
    says: 'gdmf.apple.com shows a certificate of the company’s proxy.',
    with: [hosts({ 'gdmf.apple.com': { issuer: 'private' }, 'gs.apple.com': { issuer: 'private' } })],
    expect: 'C84',
    never: ['C82', 'C83'],
    because: 'Somebody in between signs for Apple.',
  },
  {
    id: 'C84/private-issuer-windows',
    base: 'windows-store',
    says: 'All of Apple’s servers come with the proxy’s certificate.',
    with: [
      hosts(
        Object.fromEntries(
          ['gs.apple.com', 'albert.apple.com', 'gdmf.apple.com', 'mesu.apple.com', 'swcdn.apple.com'].map((host) => [
            host,
            { issuer: 'private' as const },
          ]),
        ),
      ),
    ],
    expect: 'C84',
    never: ['C82'],
    because: 'TLS inspection.',
  },
  {
    id: 'C84/handshake-refused-by-inspection',
    base: 'windows-itunes',
    says: 'Apple’s update servers refuse the proxy’s handshake, and the one that answers has a private issuer.',
    with: [hosts({ 'gdmf.apple.com': { issuer: 'private' }, 'mesu.apple.com': { outcome: 'no-tls', issuer: null } })],
    expect: 'C84',
    because: 'The private issuer names the reason for the broken handshake.',
  },
  {
    id: 'C82/two-unreachable-macos',
    base: 'macos15',
    says: 'Two of Apple’s servers cannot be reached; the rest of the internet can.',
    with: [hosts({ 'gs.apple.com': unreachable, 'mesu.apple.com': unreachable })],
    expect: 'C82',
    never: ['C84', 'C83'],
    because: 'At least two, and others answer.',
  },
  {
    id: 'C82/all-unreachable-windows',
    base: 'windows-itunes',
    says: 'The firewall lets nothing of Apple’s through.',
    with: [
      hosts(
        Object.fromEntries(
          ['gs.apple.com', 'albert.apple.com', 'gdmf.apple.com', 'mesu.apple.com', 'swcdn.apple.com'].map((host) => [host, unreachable]),
        ),
      ),
    ],
    expect: 'C82',
    because: 'All of Apple’s, and others answer.',
  },
  {
    id: 'C82/names-not-resolved-linux',
    base: 'linux',
    says: 'A filtering name server hides three of Apple’s names.',
    with: [
      hosts({
        'gs.apple.com': { outcome: 'no-name', issuer: null },
        'mesu.apple.com': { outcome: 'no-name', issuer: null },
        'gdmf.apple.com': { outcome: 'no-name', issuer: null },
      }),
    ],
    expect: 'C82',
    never: ['C83'],
    because: 'At least two, others answer, and the hosts file is clean.',
  },
  {
    id: 'healthy/one-apple-host-down',
    base: 'macos26',
    says: 'One of Apple’s servers did not answer.',
    with: [hosts({ 'swcdn.apple.com': unreachable })],
    expect: 'healthy',
    never: ['C82'],
    because: 'One is the internet’s weather.',
  },
  {
    id: 'healthy/whole-internet-down',
    base: 'windows-itunes',
    says: 'Nothing of the internet answers at the moment; the phone syncs over the cable.',
    with: [
      hosts(
        Object.fromEntries(
          ['gs.apple.com', 'albert.apple.com', 'gdmf.apple.com', 'mesu.apple.com', 'swcdn.apple.com'].map((host) => [host, unreachable]),
        ),
        { othersReachable: false },
      ),
    ],
    expect: 'healthy',
    never: ['C82'],
    because: 'It is not Apple that is blocked, and the cable needs nobody.',
  },
  {
    id: 'healthy/captive-portal',
    base: 'macos26',
    says: 'A hotel’s portal stands in front of everything.',
    with: [
      hosts(
        { 'gs.apple.com': { outcome: 'no-tls', issuer: null }, 'mesu.apple.com': { outcome: 'no-tls', issuer: null } },
        { captive: true, othersReachable: false },
      ),
    ],
    expect: 'healthy',
    never: ['C82', 'C84'],
    because: 'A portal is no block and no inspection.',
  },
  {
    id: 'healthy/wifi-never-used-advert-absent',
    base: 'linux',
    says: 'The phone is not heard on the network; nobody ever used Wi-Fi here.',
    with: [unheard],
    expect: 'healthy',
    never: ['C86', 'C77'],
    because: 'On Linux the cable is what is used; the phone may be on mobile data.',
  },
  {
    id: 'C79/phone-alone-is-not-heard',
    base: 'macos26',
    says: 'The other phones of this Mac are on Wi-Fi, this one never is, and switching it on again and flushing names changed nothing.',
    with: [unheard, noWifi],
    history: {
      othersHere: { attached: 3, healthy: 3, notKnown: 0, stale: 0 },
      tried: [
        { fix: 'F31', agoS: HOUR, verdict: 'unchanged' },
        { fix: 'F30', agoS: 2 * HOUR, verdict: 'unchanged' },
      ],
    },
    expect: 'cannot-tell',
    accept: ['healthy'],
    likely: 'C79',
    never: ['C79', 'C80', 'C77'],
    because: 'The phone’s network settings are suspect at one half: restart it before a reset is asked for.',
    either: 'The cable is proven on every rung; whether a silent Wi-Fi may still be called healthy depends on whether it is wanted.',
  },
  {
    id: 'C79/fails-at-two-computers-on-wifi',
    base: 'windows-itunes',
    says: 'Neither here nor at another computer the phone gets onto Wi-Fi sync; both have other phones that do.',
    with: [unheard, noWifi],
    history: {
      othersHere: { attached: 2, healthy: 2, notKnown: 0, stale: 0 },
      elsewhere: { healthy: 0, failing: 1, causes: ['C79'] },
      tried: [{ fix: 'F30', agoS: 3 * HOUR, verdict: 'unchanged' }],
    },
    expect: 'cannot-tell',
    accept: ['healthy'],
    likely: 'C79',
    never: ['C79', 'C77', 'C80'],
    because: 'Suspicion, at one half.',
    either: 'The cable is proven on every rung; whether a silent Wi-Fi may still be called healthy depends on whether it is wanted.',
  },
  {
    id: 'C79/after-every-host-fix',
    base: 'macos15',
    says: 'Names flushed, sync switched on again, daemon restarted: this one phone stays silent on Wi-Fi.',
    with: [unheard, noWifi],
    history: {
      othersHere: { attached: 1, healthy: 1, notKnown: 0, stale: 0 },
      tried: [
        { fix: 'F08', agoS: HOUR, verdict: 'unchanged' },
        { fix: 'F31', agoS: 2 * HOUR, verdict: 'unchanged' },
        { fix: 'F30', agoS: 3 * HOUR, verdict: 'unchanged' },
      ],
    },
    expect: 'cannot-tell',
    accept: ['healthy'],
    likely: 'C79',
    never: ['C79', 'C80'],
    because: 'Suspicion, at one half.',
    either: 'The cable is proven on every rung; whether a silent Wi-Fi may still be called healthy depends on whether it is wanted.',
  },
  {
    id: 'C85/location-daemon-and-unresolved-trust',
    base: 'macos15',
    says: 'Trust was tapped and nothing came of it; the Mac’s location daemon burns a whole core.',
    with: [noRecord, asked('pending', -19, 'PairingDialogResponsePending', 5 * MINUTE), h('location-daemon', { cpuPercent: 97 })],
    answers: { 'trust-dialog': { answer: 'tapped-trust', agoS: 200 } },
    heldS: 290,
    expect: 'cannot-tell',
    accept: ['C40'],
    likely: 'C85',
    never: ['C85', 'C53'],
    because: 'Weak evidence: a soft step to try, never a verdict.',
    either: 'That there is no record is certain, so “not paired” may be said; it is no explanation.',
  },
  {
    id: 'C85/location-daemon-crashes',
    base: 'macos26',
    says: 'The same with a location daemon that crashed four times today.',
    with: [noRecord, asked('pending', -19, 'PairingDialogResponsePending', 6 * MINUTE), h('location-daemon', { crashes24h: 4 })],
    answers: { 'trust-dialog': { answer: 'tapped-trust', agoS: 240 } },
    heldS: 350,
    expect: 'cannot-tell',
    accept: ['C40'],
    likely: 'C85',
    never: ['C85', 'C53'],
    because: 'Weak evidence.',
    either: 'That there is no record is certain, so “not paired” may be said; it is no explanation.',
  },
  {
    id: 'C85/location-service-windows',
    base: 'windows-itunes',
    says: 'Windows’ location service burns 90 % and a tapped Trust came to nothing.',
    with: [
      noRecord,
      asked('pending', -19, 'PairingDialogResponsePending', 5 * MINUTE),
      h('location-daemon', { cpuPercent: 90, running: true }),
    ],
    answers: { 'trust-dialog': { answer: 'tapped-trust', agoS: 220 } },
    heldS: 290,
    expect: 'cannot-tell',
    accept: ['C40'],
    likely: 'C85',
    never: ['C85', 'C53'],
    because: 'Weak evidence.',
    either: 'That there is no record is certain, so “not paired” may be said; it is no explanation.',
  },
  {
    id: 'healthy/location-daemon-busy',
    base: 'macos26',
    says: 'The location daemon is busy; the phone works.',
    with: [h('location-daemon', { cpuPercent: 95 })],
    expect: 'healthy',
    never: ['C85'],
    because: 'It matters only beside trust that does not come.',
  },
]);
