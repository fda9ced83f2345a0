export { simulatedChanges } from './changes.js';
export { MuxTools, muxSays } from './mux.js';
export { firewallSays, hostsText, LAN_METRIC, NetworkTools, namesComeIn, TUNNEL_INDEX } from './network.js';
export { RecoveryTools, type RestoreTrouble } from './recovery.js';
export { appleProducts, ServicesTools } from './services.js';
export { RecordFolderTools, recordAcl } from './trust.js';
export { UsbTools, usbSays } from './usb.js';
