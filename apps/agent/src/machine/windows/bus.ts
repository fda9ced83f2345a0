import { normaliseUdid } from '@lockstep/core/health';
import { z } from 'zod';
import { APPLE_VENDOR, type Bus, type BusDevice, modelHint, modeOf, parseBootSerial } from '../apple-usb.js';
import { countOf, field, type Section, type WindowsDocument } from './document.js';

type Driver = NonNullable<BusDevice['driver']>;
type MuxNode = NonNullable<BusDevice['muxNode']>;

const Node = z.object({
  id: z.string(),
  code: z.union([z.number(), z.string()]).nullish(),
  service: field.text,
  inf: field.text,
  version: field.text,
  provider: field.text,
  places: field.texts,
  arrived: field.instant,
  parent: field.text,
  above: field.texts,
  hardware: field.texts,
  compatible: field.texts,
});
type Node = z.infer<typeof Node>;

/** The fact's own limit. */
const MAX_DEVICES = 64;
/** Problem code of a node whose device is not there now: earlier phones leave many (learn.microsoft.com, "CM_PROB_PHANTOM"). */
const GHOST = 45;
/** The names that PowerShell shows for some codes (cfg.h); others come as numbers. */
const PROBLEMS: Readonly<Record<string, number>> = {
  CM_PROB_NONE: 0,
  CM_PROB_NOT_CONFIGURED: 1,
  CM_PROB_FAILED_START: 10,
  CM_PROB_NORMAL_CONFLICT: 12,
  CM_PROB_NEED_RESTART: 14,
  CM_PROB_REINSTALL: 18,
  CM_PROB_WILL_BE_REMOVED: 21,
  CM_PROB_DISABLED: 22,
  CM_PROB_DEVICE_NOT_THERE: 24,
  CM_PROB_FAILED_INSTALL: 28,
  CM_PROB_HARDWARE_DISABLED: 29,
  CM_PROB_FAILED_ADD: 31,
  CM_PROB_DISABLED_SERVICE: 32,
  CM_PROB_FAILED_DRIVER_ENTRY: 37,
  CM_PROB_DRIVER_FAILED_PRIOR_UNLOAD: 38,
  CM_PROB_DRIVER_FAILED_LOAD: 39,
  CM_PROB_FAILED_POST_START: 43,
  CM_PROB_HALTED: 44,
  CM_PROB_PHANTOM: 45,
  CM_PROB_HELD_FOR_EJECT: 47,
  CM_PROB_DRIVER_BLOCKED: 48,
  CM_PROB_UNSIGNED_DRIVER: 52,
  CM_PROB_DEVICE_RESET: 54,
};

/** Every Apple phone and pad among the nodes of the bus. */
export function readNodes(document: WindowsDocument): Bus {
  const nodes = document.section('nodes', Node);
  if (!nodes.read) return nodes;
  const present = nodes.rows.filter((n) => problemOf(n) !== GHOST);
  return { read: true, devices: present.flatMap((n) => deviceOf(n, present) ?? []).slice(0, MAX_DEVICES) };
}

/** `USB\VID_05AC&PID_12A8&MI_01\7&1A2B3C4D&0&0001` in its parts; null for what is no device on the bus. */
export function partsOf(id: string): { vendor: number; product: number; mi: number | null; tail: string } | null {
  const m = /^USB\\VID_([0-9A-F]{4})&PID_([0-9A-F]{4})(?:&REV_[0-9A-F]{4})?(?:&MI_([0-9A-F]{2}))?\\([^\\]+)$/i.exec(id);
  if (!m?.[1] || !m[2] || m[4] === undefined) return null;
  return {
    vendor: Number.parseInt(m[1], 16),
    product: Number.parseInt(m[2], 16),
    mi: m[3] === undefined ? null : Number.parseInt(m[3], 16),
    tail: m[4],
  };
}

/** A phone's nodes by their instance ids: what a fix of its driver names. */
export interface PhoneNodes {
  udid: string;
  /** The composite device, or the whole phone with Apple's driver of the older kind. */
  device: BoundNode;
  /** The multiplexer's interface; null where it is not there, or is the device itself. */
  mux: BoundNode | null;
}

export interface BoundNode {
  instance: string;
  code: number | null;
  inf: string | null;
  /** Whether what is bound is Apple's, or on the composite device Windows' own; null where nothing is, or nobody says. */
  own: boolean | null;
}

/** The nodes of every booted phone on the bus. */
export function readPhoneNodes(document: WindowsDocument): Section<PhoneNodes> {
  const nodes = document.section('nodes', Node);
  if (!nodes.read) return nodes;
  const present = nodes.rows.filter((n) => problemOf(n) !== GHOST);
  const bound = (node: Node, own: RegExp): BoundNode => ({
    instance: node.id,
    code: problemOf(node),
    inf: node.inf,
    own: driverOf(node, own)?.apple ?? null,
  });
  return {
    read: true,
    rows: present.flatMap((n): PhoneNodes[] => {
      const udid = udidOfInstance(n.id);
      if (udid === null) return [];
      const mux = present.find((c) => c.parent?.toLowerCase() === n.id.toLowerCase() && isMux(c));
      return [{ udid, device: bound(n, COMPOSITE), mux: mux ? bound(mux, /^Apple\b/i) : null }];
    }),
  };
}

/** The UDID in an instance id; a serial number that Windows made up itself holds `&`. */
export function udidOfInstance(id: string): string | null {
  const parts = partsOf(id);
  return parts && parts.vendor === APPLE_VENDOR && parts.mi === null && modeOf(parts.product) === 'normal'
    ? normaliseUdid(parts.tail)
    : null;
}

function deviceOf(node: Node, all: readonly Node[]): BusDevice | null {
  const parts = partsOf(node.id);
  if (parts?.vendor !== APPLE_VENDOR || parts.mi !== null) return null;
  const mode = modeOf(parts.product);
  if (mode === 'other') return null;
  const children = all.filter((n) => n.parent?.toLowerCase() === node.id.toLowerCase());
  const normal = mode === 'normal';
  const muxNode = normal ? muxNodeOf(node, children) : null;
  return {
    mode,
    vendorId: parts.vendor,
    productId: parts.product,
    // Windows' device properties do not tell it.
    speedMbps: null,
    location: placeOf(node.places) ?? 'unknown',
    hubDepth: Math.min(16, hubDepth(node)),
    address: null,
    // The parent driver shows interfaces only once it runs; a missing node is told by `muxNode`.
    muxInterface: children.some(isMux) || isSingleFunction(node) ? true : null,
    modelHint: modelHint(parts.product, revisionOf(node.hardware)),
    powerMa: null,
    attachId: node.arrived === null ? null : new Date(node.arrived).toISOString(),
    hubs: node.above.flatMap(hubName).slice(0, 16),
    problemCode: problemOf(node),
    driver: driverOf(node, COMPOSITE),
    muxNode,
    udid: normal ? normaliseUdid(parts.tail) : null,
    // Windows writes underscores for the blanks of a serial number.
    ecid: normal ? null : (parseBootSerial(parts.tail.replaceAll('_', ' '))?.ecid ?? null),
  };
}

/** Who may make the driver of a composite device: Windows brings one of its own. */
const COMPOSITE = /^(Apple|Microsoft)\b/i;

/** Apple's driver of the older kind (USBAAPL64) takes the whole device: the multiplexer's interface is the device itself. */
function isSingleFunction(node: Node): boolean {
  return /^USBAAPL(64)?$/i.test(node.service ?? '');
}

/** The function whose interface is 255/254/2; with Apple's composite driver it is always MI_01. */
function isMux(node: Node): boolean {
  return node.compatible.some((c) => /Class_FF&SubClass_FE&Prot_02/i.test(c)) || partsOf(node.id)?.mi === 1;
}

/**
 * Where the multiplexer's driver stands. Null while the composite device itself has no working driver, or somebody else's: nothing below it
 * can be there.
 */
function muxNodeOf(node: Node, children: readonly Node[]): MuxNode | null {
  if (isSingleFunction(node)) return stateOf(node);
  const mux = children.find(isMux);
  if (mux) return stateOf(mux);
  if (problemOf(node) !== 0 || driverOf(node, COMPOSITE)?.apple === false) return null;
  return { state: 'missing', code: null, driver: null };
}

function stateOf(node: Node): MuxNode {
  const code = problemOf(node);
  return { state: code === 0 && node.service !== null ? 'ok' : 'problem', code, driver: driverOf(node, /^Apple\b/i) };
}

/** Null where nothing is bound. A bare WinUSB by Microsoft on the multiplexer's interface is a foreign driver, too: Zadig leaves it. */
function driverOf(node: Node, own: RegExp): Driver | null {
  const { service, inf, version, provider } = node;
  if (service === null && inf === null && provider === null) return null;
  return {
    service: service?.slice(0, 64) ?? null,
    inf: inf?.slice(0, 64) ?? null,
    version: version?.slice(0, 32) ?? null,
    apple: provider === null ? null : own.test(provider),
  };
}

function problemOf({ code }: Pick<Node, 'code'>): number | null {
  if (typeof code === 'number') return Number.isInteger(code) ? countOf(code) : null;
  if (typeof code !== 'string') return null;
  if (/^\d{1,4}$/.test(code)) return Number(code);
  return Object.hasOwn(PROBLEMS, code) ? (PROBLEMS[code] ?? null) : null;
}

/** `PCIROOT(0)#PCI(1400)#USBROOT(0)#USB(4)#USB(2)`: the way from the processor to the port. The fact holds its last 64 characters. */
export function placeOf(places: readonly string[]): string | null {
  return places.find((p) => p.startsWith('PCIROOT'))?.slice(-64) ?? places[0]?.slice(-64) ?? null;
}

function hubDepth(node: Node): number {
  const ports = node.places.find((p) => p.includes('USBROOT'))?.match(/#USB\(\d+\)/g)?.length;
  return ports === undefined ? node.above.flatMap(hubName).length : Math.max(0, ports - 1);
}

function hubName(id: string): string[] {
  const parts = partsOf(id);
  return parts ? [`${hex(parts.vendor)}:${hex(parts.product)}`] : [];
}

const hex = (n: number) => n.toString(16).padStart(4, '0');

/** bcdDevice from the hardware ids: `USB\VID_05AC&PID_12A8&REV_1405`. */
function revisionOf(hardware: readonly string[]): string | null {
  return hardware.map((h) => /&REV_([0-9A-F]{4})/i.exec(h)?.[1]).find((r) => r !== undefined) ?? null;
}

/** Services that stand on a phone's node when another program has taken it. */
const TAKEN: readonly (readonly [RegExp, string])[] = [
  [/^VBoxUSB/i, 'VirtualBox'],
  [/^vmusb/i, 'VMware'],
];

/** Programs that a phone's node is bound to now, by the names that claimants have. */
export function takenBy(devices: Extract<Bus, { read: true }>['devices']): string[] {
  const services = devices.flatMap((d) => [d.driver?.service, d.muxNode?.driver?.service]);
  return TAKEN.filter(([service]) => services.some((s) => typeof s === 'string' && service.test(s))).map(([, name]) => name);
}
