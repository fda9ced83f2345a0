import type { SimulatedComputer } from '../computer/index.js';
import { FAULTS, type FaultId, MUX_FAULT_IDS, type MuxFaultId, PHONE_FAULT_IDS, type PhoneFaultId } from '../phone/index.js';

/** What can be made to go wrong: every fault of the table, the record that somebody deleted, and the cable that somebody pulled. */
export type Trouble = MuxFaultId | PhoneFaultId | 'unpaired' | 'unplugged';

export const TROUBLES = [...PHONE_FAULT_IDS, ...MUX_FAULT_IDS, 'unpaired', 'unplugged'] as const satisfies readonly Trouble[];

/** Whether the trouble is one of the whole computer. */
export function isOfComputer(trouble: Trouble): trouble is MuxFaultId {
  return (MUX_FAULT_IDS as readonly string[]).includes(trouble);
}

/** Makes it go wrong. `phone` is left out for a trouble of the computer. */
export async function breakIt({ bench }: SimulatedComputer, trouble: Trouble, phone: string | null): Promise<void> {
  if (isOfComputer(trouble)) return await bench.setMuxFault(trouble);
  if (phone === null) throw new RangeError(`phone: ${trouble} is a trouble of one phone; name it`);
  if (trouble === 'unplugged') return bench.unplug(phone);
  bench.plug(phone);
  if (trouble === 'unpaired') {
    bench.mux.records.delete(bench.phone(phone).udid);
    return bench.phone(phone).forgetComputers();
  }
  const row: (typeof FAULTS)[FaultId] = FAULTS[trouble];
  if (row.paired) await bench.pair(phone);
  else {
    // Trouble that shows when the phone is asked needs a phone that has to be asked.
    bench.mux.records.delete(bench.phone(phone).udid);
    bench.phone(phone).forgetComputers();
  }
  bench.setFault(phone, trouble);
}

/** Puts the computer's own service right. */
export async function healComputer({ bench, services }: SimulatedComputer): Promise<void> {
  services.restartFails = false;
  services.unitFile = 'static';
  if (bench.mux.fault !== null) await bench.setMuxFault(null);
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
export function isTroubled({ bench }: SimulatedComputer, phone: string): boolean {
  const seat = bench.status().find((s) => s.name === phone);
  return bench.mux.fault !== null || !seat?.plugged || seat.faults.length > 0 || seat.trustedHosts === 0;
}
