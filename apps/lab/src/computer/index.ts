export { type ComputerOptions, SimulatedComputer } from './computer.js';
export { type Effect, EffectLog, type LoggedEffect } from './effects.js';
export { ServiceManager, type UnitFile } from './service-manager.js';
