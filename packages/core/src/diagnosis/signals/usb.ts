import { current } from '../current.js';
import { type Tri, tri } from '../tri.js';
import { blind, from, type Signal } from './signal.js';

/** Windows' problem codes that mean a driver is broken rather than missing (learn.microsoft.com, "Device Manager error messages"). */
const BROKEN_CODES: ReadonlySet<number> = new Set([10, 31, 32, 37, 39, 43, 48, 52]);
/** ... that no driver is installed. */
const MISSING_CODES: ReadonlySet<number> = new Set([1, 18, 28]);
/** ... that somebody disabled it: by hand, or in firmware. */
const DISABLED_CODES: ReadonlySet<number> = new Set([22, 29]);

/** Models whose socket reaches 10 Gb/s: the Pro line since iPhone 15 Pro. All others are USB 2. */
const FAST_MODELS: ReadonlySet<string> = new Set(['iPhone16,1', 'iPhone16,2', 'iPhone17,1', 'iPhone17,2', 'iPhone18,1', 'iPhone18,2']);

/** Attaches within two minutes, one pair of them under 20 s apart, that are a bad contact: one or two belong to any plugging in and to Trust. */
const FLAPS = 3;
const FLAP_GAP_S = 20;

/** Fixes that make phones leave and return. */
const DROPPING: ReadonlySet<string> = new Set(['F05', 'F08', 'F17', 'F24', 'F47']);

const code =
  (kind: ReadonlySet<number>) => (r: { problemCode?: number | null | undefined; muxNode?: { code: number | null } | null | undefined }) => {
    const codes = [r.problemCode, r.muxNode?.code].filter((c) => typeof c === 'number');
    return codes.length === 0 ? null : codes.some((c) => kind.has(c));
  };

/** The second rung's signals. */
export const USB_SIGNALS = {
  /** At least one phone in normal mode hangs on the computer's bus. */
  'bus.phone': from('usb-bus', (r) => r.devices.some((d) => d.mode === 'normal')),
  /** Any Apple phone in any mode hangs on the bus. */
  'bus.any': from('usb-bus', (r) => r.devices.some((d) => d.mode !== 'other')),
  'bus.read': from('usb-bus', () => true, 'yes'),
  'bus.blind': blind('usb-bus'),
  /** Apple's other things hang on the bus: hubs, keyboards, a Mac's own chips. */
  'bus.other': from('usb-bus', (r) => r.devices.some((d) => d.mode === 'other')),
  /** A phone in recovery or DFU hangs on the bus. */
  'bus.recovery': from('usb-bus', (r) => r.devices.some((d) => d.mode === 'recovery')),
  'bus.dfu': from('usb-bus', (r) => r.devices.some((d) => d.mode === 'dfu')),
  'bus.restore': from('usb-bus', (r) => r.devices.some((d) => d.mode === 'restore')),
  /** Two phones or more on the bus. */
  'bus.several': from('usb-bus', (r) => r.devices.filter((d) => d.mode === 'normal').length > 1),
  /** This phone hangs on the bus, booted. */
  'phone.on-bus': from('usb-device', (r) => r.mode === 'normal', 'no'),
  /** In any mode. */
  'phone.attached': from('usb-device', () => true, 'no'),
  'phone.recovery': from('usb-device', (r) => r.mode === 'recovery', 'no'),
  'phone.dfu': from('usb-device', (r) => r.mode === 'dfu', 'no'),
  'phone.restore': from('usb-device', (r) => r.mode === 'restore', 'no'),
  /** It offers the interface that the multiplexer needs (255/254/2). */
  'phone.mux-interface': from('usb-device', (r) => r.muxInterface),
  /** 12 Mb/s: no phone is that slow by itself. */
  'phone.full-speed': from('usb-device', (r) => (r.speedMbps === null ? null : r.speedMbps <= 12)),
  /** A phone that could do 10 Gb/s runs at USB 2: usually just the cable. */
  'phone.below-its-speed': from('usb-device', (r, input) => {
    const values = current(input, 'device-values');
    const model = values?.state === 'seen' ? values.reading.productType : r.modelHint;
    return model === null || r.speedMbps === null ? null : FAST_MODELS.has(model) && r.speedMbps <= 480;
  }),
  'phone.behind-hub': from('usb-device', (r) => r.hubDepth > 0),
  /** The port grants less than the 500 mA that a phone asks for. */
  'phone.starved': from('usb-device', (r) => (r.powerMa === null || r.powerMa === undefined ? null : r.powerMa < 500)),
  /** Linux: the kernel keeps it unauthorised. */
  'phone.unauthorised': from('usb-device', (r) => (r.authorized === null || r.authorized === undefined ? null : !r.authorized)),
  'driver.missing': from('usb-device', (r) => {
    if (r.muxNode?.state === 'missing') return true;
    return code(MISSING_CODES)(r);
  }),
  'driver.broken': from('usb-device', code(BROKEN_CODES)),
  /** Somebody else's driver is bound to the multiplexer's interface (Zadig's libusb, libusbK, a bare WinUSB). */
  'driver.foreign': from('usb-device', (r) => {
    const driver = r.muxNode?.driver ?? r.driver;
    return driver?.apple === null || driver === null || driver === undefined ? null : driver.apple === false;
  }),
  'driver.disabled': from('usb-device', code(DISABLED_CODES)),
  /** Code 14: it works after a restart. */
  'driver.wants-restart': from('usb-device', (r) =>
    r.problemCode === undefined && r.muxNode === undefined ? null : r.problemCode === 14 || r.muxNode?.code === 14,
  ),
  'driver.fine': from('usb-device', (r) => (r.muxNode ? r.muxNode.state === 'ok' : null)),
  'failures.several': from('usb-failures', (r) => r.enumeration >= 2),
  'failures.none': from('usb-failures', (r) => r.enumeration === 0),
  'failures.over-current': from('usb-failures', (r) => r.overCurrent > 0),
  /** All failures at one place, several of them. */
  'failures.one-place': from('usb-failures', (r) => r.enumeration >= 2 && r.places.length === 1),
  'failures.controller': from('usb-failures', (r) => r.controllerDied > 0 || r.surpriseRemovals >= 3),
  'failures.controller-died': from('usb-failures', (r) => r.controllerDied > 0),
  /** The phone comes and goes. */
  'churn.flaps': from('usb-churn', (r) => r.attaches >= FLAPS && r.shortestS !== null && r.shortestS < FLAP_GAP_S, 'no'),
  'churn.none': from('usb-churn', (r) => r.detaches === 0, 'yes'),
  'churn.drops': from('usb-churn', (r) => r.detaches > 0, 'no'),
  'churn.one-place': from('usb-churn', (r) => r.places <= 1, 'yes'),
  /** What we did ourselves moved it: a fix that drops phones, or the tap on Trust after which a phone comes back at a new address. */
  'churn.self-made': {
    kind: 'usb-churn',
    read: (input): Tri => {
      const churn = current(input, 'usb-churn');
      if (churn?.state !== 'seen') return 'unknown';
      const ago = churn.reading.windowS * 1_000;
      if (input.history?.tried?.some((t) => DROPPING.has(t.fix) && input.now - t.at < ago)) return 'yes';
      const attempt = current(input, 'pairing-attempt');
      if (attempt?.state === 'seen' && attempt.reading.outcome === 'accepted' && input.now - attempt.at < ago) return 'yes';
      const tapped = input.answers?.['trust-dialog'];
      return tri(tapped?.answer === 'tapped-trust' && input.now - tapped.at < ago);
    },
  },
  /** It goes only after minutes without traffic. */
  'churn.idle': from('usb-churn', (r) => r.afterIdle > 0 && r.afterIdle >= r.detaches, 'no'),
  /** Other devices of its hub go with it. */
  'churn.siblings': from('usb-churn', (r) => r.withSiblings > 0, 'no'),
  'ports.power-without-data': from('usb-ports', (r) =>
    r.ports.some((p) => p.connected && p.power === true && p.data === false && p.restricted !== true),
  ),
  'ports.restricted': from('usb-ports', (r) => {
    if (r.ports.every((p) => p.restricted === null)) return null;
    return r.ports.some((p) => p.restricted === true);
  }),
  /** This Mac asks before accessories may connect. `absent`: it has no such setting. */
  'accessories.asked': from('accessory-policy', (r) => (r.policy === null ? null : r.policy !== 'always'), 'no'),
  'power.suspends': from('usb-power', (r) => r.suspendsIdle),
  'policy.blocks': from('device-control', (r) => r.blocks.some((b) => b.covers !== 'unknown')),
  'policy.refused': from('device-control', (r) => r.refused > 0),
  'policy.endpoint-agent': from('device-control', (r) => r.blocks.some((b) => b.by === 'endpoint-agent')),
  'claimants.virtual-machine': from('claimants', (r) =>
    r.programs.some((p) => (p.kind === 'virtual-machine' || p.kind === 'usb-redirector') && p.holdsPhone !== false),
  ),
  /** One of them says that it holds a phone. */
  'claimants.holds': from('claimants', (r) =>
    r.programs.some((p) => (p.kind === 'virtual-machine' || p.kind === 'usb-redirector') && p.holdsPhone === true),
  ),
  'claimants.phone-manager': from('claimants', (r) => r.programs.some((p) => p.kind === 'phone-manager')),
  'claimants.manager-holds': from('claimants', (r) => r.programs.some((p) => p.kind === 'phone-manager' && p.holdsPhone === true)),
  'claimants.security-holds': from('claimants', (r) => r.programs.some((p) => p.kind === 'security' && p.holdsPhone === true)),
  'claimants.security': from('claimants', (r) => r.programs.some((p) => p.kind === 'security')),
  /** The last session was before the computer woke, and it woke not long ago. */
  'resume.lost-since': {
    kind: 'power-events',
    read: (input): Tri => {
      const fact = current(input, 'power-events');
      if (fact?.state !== 'seen') return 'unknown';
      const woke = fact.reading.resumedAt === null ? null : Date.parse(fact.reading.resumedAt);
      if (woke === null || input.now - woke >= RESUME_MS) return 'no';
      const last = input.history?.lastSessionAt ?? input.history?.lastHereAt;
      return typeof last === 'number' ? tri(last <= woke) : 'unknown';
    },
  },
} as const satisfies Record<string, Signal>;

/** What is lost at a wake-up shows within the first working hours after it. */
const RESUME_MS = 2 * 3_600_000;
