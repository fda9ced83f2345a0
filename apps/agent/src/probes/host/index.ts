export { agentSelf } from './agent-self.js';
export { muxDaemon } from './mux-daemon.js';
export { type MuxView, muxDeviceFact, muxList } from './mux-list.js';
export { HOST_QUESTIONS } from './questions.js';
export { udidsOnBus, usbBus, usbDeviceFact } from './usb.js';
