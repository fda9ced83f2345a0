export { type Alarm, type LabClock, ManualClock, wallClock } from './clock.js';
export type { HolderHabits, TrustDialog } from './consent.js';
export {
  FAULTS,
  type FaultId,
  type FaultPlace,
  type FaultRow,
  MUX_FAULT_IDS,
  type MuxFaultId,
  PHONE_FAULT_IDS,
  type PhoneFaultId,
  START_IDS,
  type StartId,
} from './faults.js';
export { HOSTILE_NAMES, type IdentityChoice, makeIdentity, type PhoneIdentity } from './identity.js';
export { linkedStreams } from './linked-streams.js';
export { LOCKDOWN_PORT } from './lockdown.js';
export { type GrantedPairing, StateFileError } from './pairings.js';
export { type PhoneOptions, type RequestNote, SimulatedPhone } from './phone.js';
export type { OfferedRecord } from './requests.js';
export { Seeded } from './seeded.js';
export { REQUEST_PAIR } from './services.js';
export { LAB_ORGANISATION, type LabOrganisation, labOrganisation, type Supervision } from './supervision.js';
export type { Via } from './trust.js';
