import type { FactKind, Reading } from '../health/index.js';
import type { CurrentFact } from './shapes.js';

type Say = { [K in FactKind]: (reading: Reading<K>) => string };

const refusal = (error: string | null, code: number | null) => (error === null ? '' : code === null ? error : `${error} (${code})`);

const minutes = (s: number) => `${Math.round(s / 60)} min`;
const gigabytes = (b: number) => `${(b / 1e9).toFixed(1)} GB`;

/** Each kind's reading in the field's own terms, as a rung shows it. */
const SAY: Say = {
  'agent-self': (r) => `agent ${r.agent} · ${r.osVersion}${r.privileged ? '' : ' · no administrator rights'}${r.lab ? ' · lab' : ''}`,
  'usb-bus': (r) => `${r.devices.length} Apple ${r.devices.length === 1 ? 'device' : 'devices'} on the bus`,
  'usb-device': (r) =>
    [
      r.mode === 'normal' ? null : r.mode,
      r.speedMbps === null ? null : `${r.speedMbps} Mb/s`,
      `port ${r.location}`,
      r.hubDepth > 0 ? `${r.hubDepth} hub${r.hubDepth > 1 ? 's' : ''}` : null,
    ]
      .filter((s) => s !== null)
      .join(' · '),
  'mux-daemon': (r) =>
    [r.state, r.pid === null ? null : `pid ${r.pid}`, r.socket === null ? null : `socket ${r.socket}`]
      .filter((s) => s !== null)
      .join(' · '),
  'mux-list': (r) => `lists ${r.devices.length}`,
  'mux-device': (r) => `listed over ${r.connection === 'usb' ? 'USB' : 'Wi-Fi'}${r.alsoNetwork ? ' and Wi-Fi' : ''}`,
  lockdown: (r) => `${r.type} · ${Math.round(r.latencyMs)} ms`,
  'pair-record': (r) => `record present${r.complete ? '' : ', incomplete'}${r.sameBuid === false ? ', other SystemBUID' : ''}`,
  'trust-session': (r) => (r.outcome === 'accepted' ? 'session accepted' : refusal(r.error, r.code) || r.outcome),
  'pairing-attempt': (r) => `asked: ${refusal(r.error, r.code) || r.outcome}`,
  'device-values': (r) => `iOS ${r.productVersion} (${r.buildVersion}) · ${r.productType}`,
  'passcode-lock': (r) => (r.locked ? 'locked' : 'unlocked'),
  'service-start': (r) => (r.outcome === 'started' ? `${r.service} started` : `${r.service}: ${refusal(r.error, r.code) || 'refused'}`),
  'agent-limits': (r) =>
    r.mode === 'all' && r.paused.length === 0
      ? `${r.rssMb} MB · ${r.cpuPercent} % CPU`
      : `essentials only: ${r.because ?? 'paused probes'} · ${r.rssMb} MB · ${r.cpuPercent} % CPU`,
  'user-session': (r) => `${r.console === 'none' ? 'nobody signed in in front' : `session ${r.console}`} · ${r.sessions} signed in`,
  clock: (r) => `clock off by ${Math.round(r.skewS)} s`,
  'power-source': (r) => (r.mains ? 'on mains power' : 'on battery'),
  'pending-restart': (r) => (r.pending ? `restart pending: ${r.reasons.join(', ') || 'no reason given'}` : 'no restart pending'),
  'usb-failures': (r) =>
    `${r.enumeration} failed enumerations, ${r.overCurrent} over-current, ${r.surpriseRemovals} surprise removals in ${minutes(r.windowS)}`,
  'usb-churn': (r) => `${r.attaches} attaches, ${r.detaches} detaches in ${minutes(r.windowS)}`,
  'usb-ports': (r) => {
    const held = r.ports.filter((p) => p.restricted === true).length;
    const mute = r.ports.filter((p) => p.connected && p.power === true && p.data === false).length;
    return `${r.ports.filter((p) => p.connected).length} ports in use${held > 0 ? ` · ${held} restricted` : ''}${mute > 0 ? ` · ${mute} with power but no data` : ''}`;
  },
  'accessory-policy': (r) => `accessories: ${r.policy ?? 'not readable'}${r.managed ? ' (managed)' : ''}`,
  'usb-power': (r) => (r.suspendsIdle ? 'idle ports are switched off' : 'idle ports stay on'),
  'device-control': (r) =>
    r.blocks.length + r.refused === 0
      ? 'no policy keeps devices out'
      : `${r.blocks.map((b) => `${b.by}: ${b.rule}`).join(', ') || 'a policy'} · ${r.refused} refused`,
  claimants: (r) => r.programs.map((p) => `${p.name}${p.holdsPhone ? ' holds a phone' : ''}`).join(', ') || 'no program claims phones',
  'power-events': (r) => `woke ${r.resumedAt ?? 'never'} · started ${r.startedAt ?? 'unknown'}`,
  'mux-history': (r) =>
    [
      r.preflightDropped ? 'dropped after preflight' : null,
      r.claimFailed ? 'interface could not be claimed' : null,
      r.recordRemoved > 0 ? `record thrown away ${r.recordRemoved} times` : null,
      r.code === null ? null : `last error ${r.code}`,
    ]
      .filter((s) => s !== null)
      .join(' · ') || 'nothing of note',
  'mux-port': (r) => `27015 belongs to ${r.owner.program || `pid ${r.owner.pid}`}${r.forwarded ? ', forwarded' : ''}`,
  'record-store': (r) =>
    [
      r.writable === null ? 'whether it is writable cannot be told' : r.writable ? 'writable' : 'not writable',
      r.asShipped === false ? 'owner or mode changed' : null,
      r.otherBuid ? `${r.otherBuid} of ${r.records ?? '?'} records of another identity` : null,
    ]
      .filter((s) => s !== null)
      .join(' · '),
  activation: (r) => r.state,
  supervision: (r) =>
    `${r.supervised === null ? 'supervision not readable' : r.supervised ? 'supervised' : 'not supervised'}${r.organisation ? ` by ${r.organisation}` : ''}${r.pairingRestricted ? ' · pairing restricted' : ''}`,
  'device-clock': (r) => `phone's clock off by ${Math.round(r.skewS)} s`,
  'host-os': (r) => `${r.name} ${r.version}${r.build ? ` (${r.build})` : ''}${r.edition ? ` ${r.edition}` : ''}`,
  'apple-software': (r) =>
    r.items.map((i) => `${i.id}${i.version ? ` ${i.version}` : ''}`).join(', ') || (r.whole ? 'no Apple software' : 'none seen'),
  'device-support': (r) =>
    `${r.required === null ? 'not readable' : r.required ? 'newer support required' : 'up to date'}${r.blockedBy.length > 0 ? ` · blocked by ${r.blockedBy.join(', ')}` : ''}`,
  'mdns-responder': (r) =>
    `${r.state ?? 'state unknown'}${r.hearsOthers === null ? '' : r.hearsOthers ? ' · hears others' : ' · hears nobody'}`,
  'wifi-advert': (r) =>
    `advertised${r.tagMatches || r.addressMatches ? ', matches the record' : r.addressMatches === false ? ', other address' : ''}${r.sameSubnet === false ? ', other network' : ''}`,
  'wifi-sync': (r) => (r.enabled ? 'Wi-Fi sync on' : 'Wi-Fi sync off'),
  'own-route': (r) => `${r.interface} (${r.via})${r.tunnels.length > 0 ? ` · tunnels: ${r.tunnels.join(', ')}` : ''}`,
  firewall: (r) =>
    [r.blocksAll ? 'blocks all' : null, r.publicNetwork ? 'public network' : null, r.mdnsAllowed === false ? 'no local names' : null]
      .filter((s) => s !== null)
      .join(' · ') || 'nothing of note',
  'hosts-file': (r) => (r.appleLines === 0 ? 'no lines of Apple' : `${r.appleLines} lines of Apple: ${r.names.join(', ')}`),
  'apple-hosts': (r) => {
    const bad = r.hosts.filter((h) => h.outcome !== 'ok' || h.issuer === 'private');
    return bad.length === 0
      ? `${r.hosts.length} servers reached`
      : bad.map((h) => `${h.host}: ${h.outcome === 'ok' ? 'certificate of somebody in between' : h.outcome}`).join(', ');
  },
  'location-daemon': (r) => `${r.running === false ? 'not running' : 'running'}${r.cpuPercent === null ? '' : ` · ${r.cpuPercent} % CPU`}`,
  'sync-agents': (r) => r.agents.map((a) => `${a.name} ${a.state}${a.managed ? ' (managed)' : ''}`).join(', '),
  'hiding-preferences': (r) =>
    r.preferences.map((p) => `${p.domain} ${p.key}`).join(', ') || (r.sidebar === false ? 'sidebar hides phones' : 'nothing hides phones'),
  'device-history': (r) => `history says iOS ${r.productVersion ?? 'unknown'}`,
  configurator: (r) => `cfgutil ${r.tool} · ${r.devices.length} devices`,
  evidence: (r) =>
    `${r.configurator ? `Configurator: ${r.configurator.mode ?? 'mode unknown'}` : 'Configurator told nothing'} · ${r.logs.reduce((n, l) => n + l.lines.length, 0)} lines of logs`,
  'updater-activity': (r) => `${r.programs.join(', ') || 'no updater runs'}${r.lastError === null ? '' : ` · last error ${r.lastError}`}`,
  backup: (r) =>
    `${r.snapshot}${r.at ? ` ${r.at}` : ''}${r.encrypted ? ' · encrypted' : ''}${r.manifest === false ? ' · no manifest' : ''}`,
  'backup-activity': (r) =>
    `under way${r.waitsForPasscode ? ', waits for the passcode' : ''}${r.lastError === null ? '' : ` · last error ${r.lastError}`}`,
  'backup-policy': (r) => (r.encrypts ? `encrypted${r.required ? ', required' : ''}` : 'not encrypted'),
  'host-storage': (r) => `${gigabytes(r.freeBytes)} free of ${gigabytes(r.totalBytes)}`,
  'device-storage': (r) => `${gigabytes(r.freeBytes)} free of ${gigabytes(r.totalBytes)}`,
  battery: (r) =>
    `${Math.round(r.percent)} %${r.charging ? ' charging' : ''}${r.healthPercent === null ? '' : ` · health ${Math.round(r.healthPercent)} %`}`,
};

const ABSENT: Partial<Record<FactKind, string>> = {
  'usb-device': 'not on the bus',
  'mux-device': 'not in the list',
  'mux-daemon': 'not installed',
  'pair-record': 'no record',
  'trust-session': 'no record to open a session with',
  'service-start': 'no session to ask in',
  'accessory-policy': 'no such setting',
  'mux-history': 'the log tells nothing',
  'mux-port': 'nobody listens on 27015',
  'record-store': 'no folder of records',
  'mdns-responder': 'not installed',
  'wifi-advert': 'not heard on the network',
  'device-history': 'in no history',
  configurator: 'not installed',
  backup: 'no backup here',
  'backup-activity': 'no backup under way',
};

/** A fact in the field's own terms; empty when there is none. */
export function readingOf(fact: CurrentFact | undefined | null): string {
  if (!fact) return '';
  if (fact.state === 'failed') return `could not be read: ${fact.reason}`;
  if (fact.state === 'absent') return ABSENT[fact.kind] ?? 'absent';
  return (SAY[fact.kind] as (r: unknown) => string)(fact.reading);
}

/** What the server counted of connections that took each other's place, newest first, ms. */
export function takeoversRead(takeovers: readonly number[]): string {
  const [last, ...earlier] = takeovers;
  const first = earlier.at(-1);
  if (last === undefined) return 'no connection was taken over';
  if (first === undefined) return 'a connection was taken over once';
  return `${takeovers.length} takeovers of a living connection within ${Math.round((last - first) / 1000)} s`;
}
