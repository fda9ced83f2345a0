import { HOST_FAULT_IDS, type HostFaultId, type SimulatedComputer } from '../computer/index.js';
import { MUX_FAULT_IDS, type MuxFaultId, PHONE_FAULT_IDS, type PhoneFaultId } from '../phone/index.js';

/** What can be made to go wrong: every fault of the tables, the record that somebody deleted, and the cable that somebody pulled. */
export type Trouble = HostFaultId | MuxFaultId | PhoneFaultId | 'unpaired' | 'unplugged';

export const TROUBLES = [
  ...PHONE_FAULT_IDS,
  ...MUX_FAULT_IDS,
  ...HOST_FAULT_IDS,
  'unpaired',
  'unplugged',
] as const satisfies readonly Trouble[];

/** Whether it is a trouble that a computer has by itself, beside those of its multiplexer. */
export function isHostFault(trouble: Trouble): trouble is HostFaultId {
  return (HOST_FAULT_IDS as readonly string[]).includes(trouble);
}

/** Whether the trouble is one of the whole computer. */
export function isOfComputer(trouble: Trouble): trouble is MuxFaultId | HostFaultId {
  return isHostFault(trouble) || (MUX_FAULT_IDS as readonly string[]).includes(trouble);
}

/** Makes it go wrong. `phone` is left out for a trouble of the computer. Throws RangeError for one that its system cannot have. */
export async function breakIt(computer: SimulatedComputer, trouble: Trouble, phone: string | null): Promise<void> {
  const { bench } = computer;
  if (isHostFault(trouble)) return await computer.setHostFault(trouble);
  if (isOfComputer(trouble)) return await bench.setMuxFault(trouble);
  if (phone === null) throw new RangeError(`phone: ${trouble} is a trouble of one phone; name it`);
  if (trouble === 'unplugged') return bench.unplug(phone);
  bench.plug(phone);
  if (trouble === 'unpaired') {
    bench.mux.records.delete(bench.phone(phone).udid);
    return bench.phone(phone).forgetComputers();
  }
  // Trouble that shows when the phone is asked needs a phone that has to be asked.
  await bench.prepare(phone, trouble);
  bench.setFault(phone, trouble);
}

/** Puts the computer itself and its services right. */
export async function healComputer(computer: SimulatedComputer): Promise<void> {
  await computer.heal();
}

/** Puts one phone right: plugged in, unlocked, trusting this computer. */
export async function healPhone({ bench }: SimulatedComputer, name: string): Promise<void> {
  const phone = bench.phone(name);
  phone.clearFault();
  phone.unlock();
  bench.plug(name);
  await bench.pair(name);
}

/** Whether anything is wrong with this phone or its computer. */
export function isTroubled({ bench, hostFaults }: SimulatedComputer, phone: string): boolean {
  const seat = bench.status().find((s) => s.name === phone);
  return hostFaults.size > 0 || bench.mux.fault !== null || !seat?.plugged || seat.faults.length > 0 || seat.trustedHosts === 0;
}
