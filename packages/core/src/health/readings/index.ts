export * from './host.js';
export * from './mux.js';
export * from './network.js';
export * from './services.js';
export * from './software.js';
export * from './sync.js';
export * from './trust.js';
export * from './usb.js';
