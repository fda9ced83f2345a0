export { type Fleet, type FleetOptions, startFleet } from './fleet.js';
export { fleetCommand } from './fleet-command.js';
export { FleetControl } from './fleet-control.js';
export { Member } from './member.js';
export { planFleet } from './names.js';
export { type ScriptNote, TroubleScript } from './script.js';
export { breakIt, healComputer, healPhone, isTroubled, TROUBLES, type Trouble } from './trouble.js';
