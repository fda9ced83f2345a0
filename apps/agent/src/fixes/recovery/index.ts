export { collectEvidence } from './collect-evidence.js';
export { leaveRecoveryLinux, leaveRecoveryMac } from './leave-recovery.js';
export { restorePhoneLinux, restorePhoneMac } from './restore-phone.js';
export { revivePhoneMac } from './revive-phone.js';
export { updatePhoneLinux, updatePhoneMac } from './update-phone.js';
