export { agentSelf } from './agent-self.js';
export { MAC_MUX_ACCOUNT, type Person, personInFront } from './macos/index.js';
export { muxDaemon } from './mux-daemon.js';
export { type MuxView, muxDeviceFact, muxList } from './mux-list.js';
export { HOST_QUESTIONS } from './questions.js';
export { isReadOnly, muxAccount } from './record-store.js';
export { udidsOnBus, usbBus, usbDeviceFact } from './usb.js';
