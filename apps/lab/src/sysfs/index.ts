export { type BusIdentity, type BusLook, phoneOnBus, type UsbDevice, type UsbInterface } from './descriptors.js';
export { SysfsError, SysfsTree } from './tree.js';
