export { KnownPhones } from './known-phones.js';
export { Picture, type Still } from './picture.js';
export { type Gauges, LIMITS as SELF_LIMITS, OWN_GAUGES, Watchdog } from './watchdog.js';
export { CADENCE, type Cadence, Watcher, type WatcherOptions } from './watcher.js';
