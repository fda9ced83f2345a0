export { KnownPhones } from './known-phones.js';
export { Picture } from './picture.js';
export { CADENCE, type Cadence, Watcher, type WatcherOptions } from './watcher.js';
