import type { Alarm, PhoneFaultId, SimulatedPhone } from '../phone/index.js';
import { type BusLook, phoneOnBus, type UsbDevice } from '../sysfs/index.js';

/** One phone of the bench. */
export interface Seat {
  phone: SimulatedPhone;
  location: string;
  speedMbps: number;
  /** The cable is in. */
  plugged: boolean;
  /** Its device number on the bus; 0 while it is off the bus. */
  devnum: number;
  /** How it looks on the bus. */
  look: BusLook;
  /** How it looks because of something that is not the phone's own doing; null: as its mode and faults have it. */
  forced: BusLook | null;
  /** The multiplexer never gets it. */
  withheld: boolean;
  /** Since when it is on the bus, ms since 1970. */
  since: number;
  flapping: Alarm | null;
}

export interface SeatStatus {
  name: string;
  udid: string;
  deviceName: string;
  plugged: boolean;
  mode: 'normal' | 'recovery';
  locked: boolean;
  faults: PhoneFaultId[];
  dialog: boolean;
  trustedHosts: number;
  /** Null while the multiplexer does not list it. */
  deviceId: number | null;
  location: string;
}

/** A phone on the bus, as a computer's own tools describe it. */
export interface OnBus {
  name: string;
  /** What it is known by when it is booted; null in other modes. */
  udid: string | null;
  device: UsbDevice;
  look: BusLook;
  devnum: number;
  /** Since when, ms since 1970. */
  since: number;
}

/** What hangs there, as the bus describes it. */
export function deviceOf(seat: Seat): UsbDevice {
  return phoneOnBus(seat.phone.identity, seat.location, seat.speedMbps, seat.look);
}

/** A phone of the bench as computers see it; null while it is off the bus. */
export function onBus(name: string, seat: Seat): OnBus | null {
  if (seat.devnum === 0) return null;
  const { look, devnum, since, phone } = seat;
  const booted = look !== 'recovery' && look !== 'dfu' && look !== 'restore';
  return { name, udid: booted ? phone.udid : null, device: deviceOf(seat), look, devnum, since };
}
