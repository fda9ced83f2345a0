import type { FailReason, Reading } from '@lockstep/core/health';
import type { DraftFact } from '../draft.js';
import { isDict, type PlistDict } from '../plist/index.js';
import type { Ran } from '../port.js';
import { below, listOfWords, readRegistry, truth, whole, words } from './registry.js';

type Port = Reading<'usb-ports'>['ports'][number];
type Policy = Reading<'accessory-policy'>['policy'];

/** What the port controllers say. `ports` is empty on Macs without such controllers (Intel). */
export type Ports = { read: true; ports: Port[]; policy: Policy } | { read: false; reason: FailReason };

/** Transports that carry data of USB devices; `CC` is the plug's own wire, `DisplayPort` a picture. */
const DATA: ReadonlySet<string> = new Set(['USB2', 'USB3', 'CIO', 'PCIe']);
/** The fact names so many. */
const MAX_PORTS = 16;

/**
 * TRM_Profile, the policy for accessories. Its words are the kernel's own and in no language but English (IOPortFamily's strings); 1 and 4
 * were seen with them, the two in between are known by their words alone.
 */
const BY_WORD: Readonly<Record<string, NonNullable<Policy>>> = {
  'Ask Every Time': 'ask-every-time',
  'Ask for New Accessories': 'ask-new',
  'Allow Automatically When Unlocked': 'when-unlocked',
  'Always Allow': 'always',
};
const BY_NUMBER: Readonly<Record<number, NonNullable<Policy>>> = { 1: 'ask-every-time', 4: 'always' };

/**
 * Reads `ioreg -a -l -r -c IOPort`: the sockets of a Mac with Apple silicon, and below each what runs over it. A socket for power alone
 * (MagSafe) is none of these.
 */
export function readPorts(ran: Ran): Ports {
  const registry = readRegistry(ran);
  if (!registry.read) return registry;
  const ports = new Map<string, Port>();
  let policy: Policy = null;
  const walk = (entry: PlistDict): void => {
    const place = words(entry.PortDescription) ?? words(entry.Description);
    if (words(entry.PortTypeDescription) === 'USB-C' && whole(entry.PortNumber) !== null && place !== null && place.length <= 64)
      ports.set(place, portOf(entry, place));
    policy ??= policyOf(entry);
    for (const child of below(entry)) walk(child);
  };
  for (const entry of registry.entries) walk(entry);
  return { read: true, ports: [...ports.values()].sort((a, b) => (a.place < b.place ? -1 : 1)).slice(0, MAX_PORTS), policy };
}

function policyOf(entry: PlistDict): Policy {
  const said = words(entry.TRM_ProfileDescription);
  return BY_NUMBER[whole(entry.TRM_Profile) ?? 0] ?? (said === null ? null : (BY_WORD[said] ?? null));
}

/**
 * Data flows when a transport for it is active; a picture alone says nothing about it. That the port gives power to what hangs there is
 * said only where its controller shows the ways power comes in, and none does: a charger is no phone.
 */
function portOf(entry: PlistDict, place: string): Port {
  const connected = truth(entry.ConnectionActive) ?? false;
  const active = listOfWords(entry.TransportsActive);
  const state = heldBack(entry);
  const charger = chargerAt(entry);
  const data = active?.some((t) => DATA.has(t)) ?? null;
  if (!connected) return { place, connected, data: data === true ? null : false, power: false, restricted: state };
  const unclear = charger === true || (data === false && active?.includes('DisplayPort') === true);
  return {
    place,
    connected,
    data: unclear ? null : data,
    power: charger === false && active?.includes('CC') === true ? true : null,
    restricted: state,
  };
}

/** Whether the system holds a transport back until a person approves; null where nothing is said about it. */
function heldBack(port: PlistDict): boolean | null {
  let said = false;
  let held = false;
  const note = (value: boolean | null) => {
    said ||= value !== null;
    held ||= value === true;
  };
  const waiting = listOfWords(port.TransportsUnauthorized);
  note(waiting === null ? null : waiting.length > 0);
  note(truth(port.AuthorizationPending));
  note(truth(port.UserAuthorizationPending));
  const walk = (entry: PlistDict): void => {
    for (const child of below(entry)) {
      note(truth(child.TRM_TransportRestricted));
      walk(child);
    }
  };
  walk(port);
  return said ? held : null;
}

/** Whether something offers this Mac power there; null where the controller does not show it. */
function chargerAt(port: PlistDict): boolean | null {
  let shown = false;
  let offers = false;
  const walk = (entry: PlistDict): void => {
    for (const child of below(entry)) {
      const name = words(child.IORegistryEntryName) ?? '';
      if (name === 'Power In') shown = true;
      const options = child.PowerSourceOptions;
      if (isDict(child.WinningPowerSourceOption) || (Array.isArray(options) && options.length > 0)) offers = true;
      walk(child);
    }
  };
  walk(port);
  return offers ? true : shown ? false : null;
}

/** The facts in the port controllers. A Mac without them has neither such sockets nor the setting. */
export function parsePorts(ran: Ran): DraftFact[] {
  const ports = readPorts(ran);
  if (!ports.read) return [{ kind: 'usb-ports', subject: 'host', state: 'failed', reason: ports.reason }];
  if (ports.ports.length === 0) return [{ kind: 'usb-ports', subject: 'host', state: 'failed', reason: 'unsupported' }];
  return [{ kind: 'usb-ports', subject: 'host', state: 'seen', reading: { ports: ports.ports } }];
}
