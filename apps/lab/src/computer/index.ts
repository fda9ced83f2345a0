export { type ComputerOptions, SimulatedComputer } from './computer.js';
export { type AppleStack, type HostCondition, healthyCondition } from './condition.js';
export { type Effect, EffectLog, type LoggedEffect } from './effects.js';
export { HOST_FAULT_IDS, HOST_FAULTS, type HostFaultId, type HostFaultRow, isFaultOf } from './host-faults.js';
export { SimulatedNetwork } from './network.js';
export { ServiceManager, type UnitFile } from './service-manager.js';
