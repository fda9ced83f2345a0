export { carryOut, type Done, type Outcome } from './carry-out.js';
export { installSteps, SERVICE_DIR, type Step, uninstallSteps } from './plan.js';
export { type Owner, objectionTo, type Program } from './program.js';
export { commandLine, INSTALL_COMMANDS, type InstallCommandId, installRow } from './rows.js';
export { SERVICE_FILE, type ServiceState, serviceState } from './service-state.js';
export { leaveNote, readNotes, SESSION_FOLDER, type SessionNote } from './session-note.js';
export { type InstallSystem, RealInstallSystem, SystemFiles } from './system.js';
