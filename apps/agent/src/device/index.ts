export type { CertificateRequest } from './certificates.js';
export { certificateDer, certificateFor, certificatePem, devicePublicKey, newRsaKeys } from './certificates.js';
export type { DeviceErrorKind, DeviceFailure } from './errors.js';
export { DeviceError, failReasonOf, libimobiledeviceCode, MUX_RESULT, toDeviceError } from './errors.js';
export type { LockdownCallOptions, LockdownClientOptions, LockdownSession, StartedService } from './lockdown-client.js';
export { LOCKDOWN_PORT, LockdownClient } from './lockdown-client.js';
export type { LockdownWord } from './lockdown-errors.js';
export { CLIENT_ERRORS, isLockdownWord, LOCKDOWN_ERRORS, lockdownCode } from './lockdown-errors.js';
export {
  encodeLockdownFrame,
  encodeLockdownPlist,
  LOCKDOWN_FRAME_LIMIT,
  LOCKDOWN_HEADER_BYTES,
  LockdownFrames,
} from './lockdown-frames.js';
export type { MuxCallOptions, MuxClientOptions } from './mux-client.js';
export { MuxClient } from './mux-client.js';
export type { MuxDevice, MuxListing } from './mux-devices.js';
export { mergeDevices } from './mux-devices.js';
export type { MuxFrame } from './mux-frames.js';
export {
  encodeMuxBinaryResult,
  encodeMuxFrame,
  encodeMuxPlist,
  MUX_FRAME_LIMIT,
  MUX_HEADER_BYTES,
  MUX_MESSAGE,
  MUX_REQUEST_LIMIT,
  MUX_VERSION,
  MuxFrames,
  swapPort,
} from './mux-frames.js';
export type { MuxListenHandlers, MuxListenOptions } from './mux-listen.js';
export type { NewPairRecordOptions } from './pair-record.js';
export { newPairingKeys, newPairRecord, type PairingKeys, PairRecord, pairRecordMetadata } from './pair-record.js';
export type { PairAnswer, PairOptions } from './pairing.js';
export { parsePlist, parsePlistDict } from './plist.js';
export type { PlistDict, PlistFault, PlistLimits, PlistValue } from './plist-value.js';
export { isDict, PLIST_LIMITS, PlistError } from './plist-value.js';
export { writeBinaryPlist, writePlist } from './plist-write.js';
export type { TlsOptions } from './tls.js';
export { upgradeToTls } from './tls.js';
