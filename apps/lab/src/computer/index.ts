export { type ComputerOptions, SimulatedComputer } from './computer.js';
export { type AppleStack, type HostCondition, healthyCondition } from './condition.js';
export { type Effect, EffectLog, type LoggedEffect } from './effects.js';
export type { HostFaultRow } from './host-fault.js';
export { HOST_FAULT_IDS, HOST_FAULTS, type HostFaultId, isFaultOf } from './host-faults.js';
export { SimulatedNetwork } from './network.js';
export { ServiceManager, type UnitFile } from './service-manager.js';
