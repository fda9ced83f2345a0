import type { PhoneFaultId } from './faults.js';

/** The battery as diagnostics and the battery domain tell it. */
export interface BatteryCondition {
  percent: number;
  cycles: number;
  designMah: number;
  fullMah: number;
}

/** What changes while a phone lives, as far as lockdownd and the services tell it. */
export interface PhoneCondition {
  locked: boolean;
  wifiConnections: boolean;
  devicePublicPem: string;
  /** The phone's own clock, ms since 1970. */
  now: number;
  supervised: boolean;
  activation: 'Activated' | 'Unactivated';
  /** Free space for data, bytes. */
  freeBytes: number;
  battery: BatteryCondition;
}

/** An iPhone 13's battery after two years, and the one of the fault `battery-worn`. */
const BATTERY: BatteryCondition = { percent: 80, cycles: 212, designMah: 3_227, fullMah: 2_904 };
const WORN: BatteryCondition = { ...BATTERY, cycles: 1_041, fullMah: 1_968 };
const FREE_BYTES = { usual: 61_412_999_168, full: 314_572_800 };
/** 26 hours: a day and a time zone, as after a flight with an empty battery. */
const SKEW_MS = -26 * 3_600_000;

/** What the faults make of a phone's condition. */
export function conditionOf(
  faults: ReadonlySet<PhoneFaultId>,
  now: number,
): Pick<PhoneCondition, 'now' | 'activation' | 'freeBytes' | 'battery'> {
  return {
    now: faults.has('clock-skew') ? now + SKEW_MS : now,
    activation: faults.has('not-activated') ? 'Unactivated' : 'Activated',
    freeBytes: faults.has('storage-full') ? FREE_BYTES.full : FREE_BYTES.usual,
    battery: faults.has('battery-worn') ? WORN : BATTERY,
  };
}
