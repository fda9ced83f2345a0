export type { PlistDict, PlistFault, PlistLimits, PlistValue } from '../machine/index.js';
export { isDict, PLIST_LIMITS, PlistError, parsePlist, parsePlistDict, writeBinaryPlist, writePlist } from '../machine/index.js';
export type { CertificateRequest } from './certificates.js';
export { certificateDer, certificateFor, certificatePem, devicePublicKey, newRsaKeys } from './certificates.js';
export { context, DER_TAG, integer, nullValue, octetString, oid, sequence, set } from './der.js';
export type { DerElement } from './der-read.js';
export { DerReader } from './der-read.js';
export type { BatteryHealth } from './diagnostics-relay.js';
export { DIAGNOSTICS_SERVICE, DiagnosticsRelay, readBattery } from './diagnostics-relay.js';
export type { DeviceErrorKind, DeviceFailure } from './errors.js';
export { DeviceError, failReasonOf, libimobiledeviceCode, MUX_RESULT, toDeviceError } from './errors.js';
export type { HeartbeatEnd, KeepBeatingOptions } from './heartbeat.js';
export { HEARTBEAT_SERVICE, keepBeating } from './heartbeat.js';
export type {
  LockdownCallOptions,
  LockdownClientOptions,
  LockdownSession,
  StartedService,
  StartServiceOptions,
} from './lockdown-client.js';
export { LOCKDOWN_PORT, LockdownClient } from './lockdown-client.js';
export type { DomainName, DomainReading, Unread } from './lockdown-domains.js';
export { DOMAINS, readDomain } from './lockdown-domains.js';
export type { LockdownWord } from './lockdown-errors.js';
export { CLIENT_ERRORS, isLockdownWord, isSupervisionWord, LOCKDOWN_ERRORS, lockdownCode, UNNUMBERED_ERRORS } from './lockdown-errors.js';
export {
  encodeLockdownFrame,
  encodeLockdownPlist,
  LOCKDOWN_FRAME_LIMIT,
  LOCKDOWN_HEADER_BYTES,
  LockdownFrames,
} from './lockdown-frames.js';
export type { CloudConfiguration } from './mobile-config.js';
export { MOBILE_CONFIG_SERVICE, readCloudConfiguration } from './mobile-config.js';
export type { MuxCallOptions, MuxClientOptions } from './mux-client.js';
export { MuxClient } from './mux-client.js';
export type { MuxDevice, MuxListing, MuxNetworkPath } from './mux-devices.js';
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
export type { NoticeName } from './notification-proxy.js';
export { NOTICES, NOTIFICATION_PROXY, NotificationProxy } from './notification-proxy.js';
export type { OrganisationFiles } from './organisation.js';
export { OrganisationIdentity } from './organisation.js';
export type { NewPairRecordOptions } from './pair-record.js';
export { newPairingKeys, newPairRecord, type PairingKeys, PairRecord, pairRecordMetadata } from './pair-record.js';
export type { PairAnswer, PairOptions, SupervisedPairOptions, Waker } from './pairing.js';
export type { OpenServiceOptions, ServiceRoute } from './service-connection.js';
export { openService, SERVICE_FRAME_LIMIT, ServiceConnection } from './service-connection.js';
export { CMS_OID, signerIdentifier } from './signed-data.js';
export type { CertificatePolicy, CertificateVerdict, SecuredStream, TlsOptions } from './tls.js';
export { secureStream, upgradeToTls } from './tls.js';
export { TrustWake } from './trust-wake.js';
