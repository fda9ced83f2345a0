export { parsePlist, parsePlistDict } from './plist.js';
export type { PlistDict, PlistFault, PlistLimits, PlistValue } from './plist-value.js';
export { isDict, newDict, PLIST_LIMITS, PlistError } from './plist-value.js';
export { writeBinaryPlist, writePlist } from './plist-write.js';
