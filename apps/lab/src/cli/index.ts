export { type Command, CommandError, type CommandIo, EXIT, readFlags, readValue } from './command.js';
export { type ControlAnswer, ControlCommand, type ControlError, ControlServer, carryOut } from './control.js';
export { faultsCommand } from './faults-command.js';
export { phoneCommand } from './phone-command.js';
export { tellCommand } from './tell-command.js';
