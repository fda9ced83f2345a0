import type { FailReason, Reading } from '@lockstep/core/health';
import {
  agentOf,
  type CommandId,
  isDict,
  isHeld,
  locationReading,
  type Machine,
  macClaimants,
  macUpdaters,
  type PlistDict,
  ReadFailed,
  readCfgutil,
  readDeviceLog,
  readDisabled,
  readMacProcesses,
  readRestoreLog,
  readUnifiedLog,
  type SyncAgentLabel,
  type SystemFileId,
  truth,
  words,
} from '../../../machine/index.js';
import { draft, type Row } from '../../probe.js';
import { crashes24h, failedForAll, orNull, personInFront, settingsOf, uidInFront } from './person.js';

export const claimantsRow: Row = {
  asks: ['process-list'],
  privilege: 'user',
  async ask({ machine }, signal) {
    const list = readMacProcesses(await machine.run('process-list', signal));
    return [
      list.read
        ? draft.seen('claimants', 'host', { programs: macClaimants(list.processes) })
        : draft.failed('claimants', 'host', list.reason),
    ];
  },
};

export const locationDaemonRow: Row = {
  asks: ['process-list', 'mac-crashes'],
  privilege: 'user',
  async ask({ machine }, signal) {
    const list = readMacProcesses(await machine.run('process-list', signal));
    if (!list.read) return [draft.failed('location-daemon', 'host', list.reason)];
    const crashes = await crashes24h(machine, 'mac-crashes', 'locationd');
    return [draft.seen('location-daemon', 'host', { ...locationReading(list.processes), crashes24h: crashes })];
  },
};

type Agent = Reading<'sync-agents'>['agents'][number];

const AGENTS = [
  ['launchctl-discovery-agent', 'com.apple.AMPDeviceDiscoveryAgent'],
  ['launchctl-devices-agent', 'com.apple.AMPDevicesAgent'],
  ['launchctl-updater-agent', 'com.apple.mobiledeviceupdater'],
] as const satisfies readonly (readonly [CommandId, SyncAgentLabel])[];
/** The three write that a phone came within two seconds of each other; so much later one of them has missed it, ms. */
const LATE_MS = 30_000;

/** The agents of the person in front: launchd's word, what is switched off, who is held stopped, what crashed, and who saw the phone. */
export const syncAgentsRow: Row = {
  asks: [
    'ioreg-root',
    'account-of',
    'launchctl-discovery-agent',
    'launchctl-devices-agent',
    'launchctl-updater-agent',
    'launchctl-disabled',
    'process-list',
    'mac-own-crashes',
    'log-devices',
  ],
  privilege: 'admin',
  async ask({ machine }, signal) {
    const person = await personInFront(machine, signal);
    if (!person.there) return [draft.failed('sync-agents', 'host', person.reason)];
    const { uid, home } = person;
    const [disabled, list, log] = await Promise.all([
      machine.run('launchctl-disabled', signal, { uid }).then(readDisabled),
      machine.run('process-list', signal).then(readMacProcesses),
      machine.run('log-devices', signal).then(readUnifiedLog),
    ]);
    const saw = log.read ? readDeviceLog(log.entries).sawPhone : null;
    const agents: Agent[] = [];
    for (const [command, label] of AGENTS) {
      const found = agentOf(label, await machine.run(command, signal, { uid }));
      if (!found.read) return [draft.failed('sync-agents', 'host', found.reason)];
      const { agent } = found;
      const held = list.read && list.processes.some((p) => p.name === agent.name && String(p.uid) === uid && isHeld(p));
      const off = disabled.read && disabled.labels.has(label);
      agents.push({
        ...agent,
        state: held ? 'suspended' : off && agent.state !== 'running' ? 'disabled' : agent.state,
        crashes24h: await crashes24h(machine, 'mac-own-crashes', agent.name, home),
        sawPhone: sawPhone(saw, agent.name),
      });
    }
    return [draft.seen('sync-agents', 'host', { agents })];
  },
};

/** Whether an agent wrote down the phone that came last; null when nobody wrote of any. */
function sawPhone(saw: ReadonlyMap<string, number> | null, name: string): boolean | null {
  if (saw === null || saw.size === 0) return null;
  const own = saw.get(name);
  return own !== undefined && Math.max(...saw.values()) - own <= LATE_MS;
}

/** Keys that make a healthy phone invisible, and the value that does it. Keys that only stop automatic sync are a person's own choice. */
const HIDING: readonly (readonly [own: SystemFileId, managed: SystemFileId, domain: string, key: string, hides: boolean])[] = [
  ['mac-global', 'mac-managed-global', 'NSGlobalDomain', 'ignore-devices', true],
  ['mac-itunes-helper', 'mac-managed-itunes-helper', 'com.apple.iTunesHelper', 'ignore-devices', true],
  ['mac-discovery-agent', 'mac-managed-discovery-agent', 'com.apple.AMPDeviceDiscoveryAgent', 'ignore-devices', true],
  ['mac-discovery-agent', 'mac-managed-discovery-agent', 'com.apple.AMPDeviceDiscoveryAgent', 'reveal-devices', false],
];

/** Preferences of the person in front and their managed copies. What may not be read is not known to be clean. */
export const hidingPreferencesRow: Row = {
  asks: ['ioreg-root', 'account-of', ...new Set(HIDING.flatMap((h) => h.slice(0, 2) as SystemFileId[]))],
  privilege: 'user',
  async ask({ machine }, signal) {
    const person = await personInFront(machine, signal);
    if (!person.there) return [draft.failed('hiding-preferences', 'host', person.reason)];
    const preferences: Reading<'hiding-preferences'>['preferences'] = [];
    let blind: FailReason | null = null;
    for (const [own, managed, domain, key, hides] of HIDING) {
      const files = [
        [await settingsOf(machine, managed, { account: person.account }), true],
        [await settingsOf(machine, own, { home: person.home }), false],
      ] as const;
      for (const [file, isManaged] of files) {
        if (file.read && truth(file.values[key]) === hides) preferences.push({ domain, key, managed: isManaged });
        if (!file.read && file.reason !== 'missing') blind ??= file.reason;
      }
    }
    if (preferences.length === 0 && blind !== null) return [draft.failed('hiding-preferences', 'host', blind)];
    // Finder keeps its sidebar in an archive that only it reads.
    return [draft.seen('hiding-preferences', 'host', { preferences, sidebar: null })];
  },
};

/**
 * The person's own history of phones, by ECID, which is the second half of a new UDID; older phones are in it by a number that cannot be
 * told from here. Of each entry two values are taken and no other is looked at: serial numbers and IMEIs stay in the file.
 */
export const deviceHistoryRow: Row = {
  asks: ['ioreg-root', 'account-of', 'mac-device-history'],
  privilege: 'user',
  async ask({ machine, phones }, signal) {
    const person = await personInFront(machine, signal);
    if (!person.there) return failedForAll('device-history', phones, person.reason);
    const file = await settingsOf(machine, 'mac-device-history', { home: person.home });
    if (!file.read && file.reason !== 'missing') return failedForAll('device-history', phones, file.reason);
    const devices = file.read && isDict(file.values.Devices) ? file.values.Devices : {};
    return phones.map((udid) => {
      if (Object.keys(devices).length === 0) return draft.absent('device-history', { udid });
      if (udid.length !== 25) return draft.failed('device-history', { udid }, 'unsupported');
      const entry = entryOf(devices, udid.slice(9));
      return entry ? draft.seen('device-history', { udid }, entry) : draft.absent('device-history', { udid });
    });
  },
};

function entryOf(devices: PlistDict, ecid: string): Reading<'device-history'> | null {
  const key = Object.keys(devices).find((k) => k.toUpperCase().replace(/^0X/, '').padStart(16, '0') === ecid);
  const entry = key === undefined ? undefined : devices[key];
  if (!isDict(entry)) return null;
  const version = words(entry['Firmware Version String']);
  const at = entry.Connected;
  return {
    productVersion: version !== null && /^\d[\d.]{0,15}$/.test(version) ? version : null,
    writtenAt: at instanceof Date && Number.isFinite(at.getTime()) ? at.toISOString() : null,
  };
}

/** Configurator and its tool, which is asked as the person in front. */
export const configuratorRow: Row = {
  asks: ['mac-configurator-tool', 'process-list', 'ioreg-root', 'cfgutil-list', 'cfgutil-list-own', 'self'],
  privilege: 'admin',
  async ask({ machine }, signal) {
    const tool = await orNull(machine.stat('mac-configurator-tool'));
    if (tool === null) return [draft.absent('configurator', 'host')];
    const list = readMacProcesses(await machine.run('process-list', signal));
    const running = list.read ? list.processes.some((p) => /^Apple Configurator( 2)?$/.test(p.name)) : null;
    const front = await uidInFront(machine, signal);
    if ('reason' in front) return [draft.failed('configurator', 'host', front.reason)];
    const ran = (await machine.identity()).privileged
      ? await machine.run('cfgutil-list', signal, { uid: front.uid })
      : await machine.run('cfgutil-list-own', signal);
    const listed = readCfgutil(ran);
    if (listed.read) return [draft.seen('configurator', 'host', { running, tool: listed.tool, devices: listed.devices })];
    if (listed.reason === 'timeout') return [draft.seen('configurator', 'host', { running, tool: 'hangs', devices: [] })];
    if (listed.reason === 'missing-tool') return [draft.seen('configurator', 'host', { running, tool: 'missing', devices: [] })];
    return [draft.failed('configurator', 'host', listed.reason)];
  },
};

/** Programs that update or restore, and the log of the last restore by the person in front. */
export const updaterActivityRow: Row = {
  asks: ['process-list', 'ioreg-root', 'account-of', 'mac-restore-log', 'restore-log-end'],
  privilege: 'user',
  async ask({ machine }, signal) {
    const list = readMacProcesses(await machine.run('process-list', signal));
    if (!list.read) return [draft.failed('updater-activity', 'host', list.reason)];
    return [draft.seen('updater-activity', 'host', { programs: macUpdaters(list.processes), ...(await restoreLog(machine, signal)) })];
  },
};

async function restoreLog(machine: Machine, signal: AbortSignal): Promise<Omit<Reading<'updater-activity'>, 'programs'>> {
  const nothing = { logAgeS: null, lastError: null, lastErrorAt: null };
  const person = await personInFront(machine, signal);
  if (!person.there) return nothing;
  try {
    const { modifiedAt } = await machine.stat('mac-restore-log', { home: person.home });
    const end = readRestoreLog(await machine.run('restore-log-end', signal, { home: person.home }));
    const lastError = end?.lastError ?? null;
    return {
      logAgeS: age(machine.now() - modifiedAt),
      lastError,
      lastErrorAt: lastError === null ? null : new Date(modifiedAt).toISOString(),
    };
  } catch (e) {
    if (e instanceof ReadFailed) return nothing;
    throw e;
  }
}

/** To the minute within an hour, then to the day: the fact would else be another one at every look. */
export function age(ms: number): number {
  const s = Math.max(0, ms / 1_000);
  const step = s < 3_600 ? 60 : s < 86_400 ? 3_600 : 86_400;
  return Math.floor(s / step) * step;
}
