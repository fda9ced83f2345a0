import type { CauseId } from '@lockstep/core/health';

/** Where a fault sits: in the phone, between the phone and the multiplexer, or in the multiplexer itself. `start`: no fault, but how a phone begins. */
export type FaultPlace = 'start' | 'phone' | 'bus' | 'daemon';

export interface FaultRow {
  place: FaultPlace;
  /** What somebody who listens on the wire, or looks at the bus, sees. */
  shows: string;
  /** The cause it should lead to, once a rule for that cause exists; null for a condition that is no fault of its own. */
  cause: CauseId | null;
  /** `pairing`: only an attempt to pair (fix F11, `idevicepair pair`) brings it to light; `looking`: reading alone does. */
  seenBy: 'looking' | 'pairing';
  /** The fault makes sense only on a phone that trusts this computer: a lab that starts with it pairs the two first. */
  paired: boolean;
}

/**
 * Every trouble a lab phone or its multiplexer can show. Words and numbers of lockdownd are libimobiledevice's (lockdown.h), those of
 * usbmux usbmuxd's (usbmuxd-proto.h).
 */
export const FAULTS = {
  none: {
    place: 'start',
    shows: 'a phone that this computer never asked for trust: no pair record, sessionless values only',
    cause: 'C40',
    seenBy: 'looking',
    paired: false,
  },
  paired: {
    place: 'start',
    shows: 'unlocked and trusting this computer: record, session and services work',
    cause: null,
    seenBy: 'looking',
    paired: true,
  },
  locked: {
    place: 'phone',
    shows:
      'locked with a passcode: Pair answers PasswordProtected (-17), GetValue PasswordProtected is true; sessions of a trusted computer still work',
    cause: 'C41',
    seenBy: 'pairing',
    paired: false,
  },
  'session-locked': {
    place: 'phone',
    shows: 'StartSession answers PasswordProtected (-17) until the holder unlocks',
    cause: 'C41',
    seenBy: 'looking',
    paired: true,
  },
  'service-refused': {
    place: 'phone',
    shows: 'StartService answers PasswordProtected (-17) until the holder unlocks; sessions work',
    cause: 'C41',
    seenBy: 'looking',
    paired: true,
  },
  'service-invalid': { place: 'phone', shows: 'StartService answers InvalidService (-27)', cause: 'C99', seenBy: 'looking', paired: true },
  'trust-pending': {
    place: 'phone',
    shows: 'Pair opens the dialog and answers PairingDialogResponsePending (-19) until somebody taps',
    cause: 'C42',
    seenBy: 'pairing',
    paired: false,
  },
  'trust-denied': {
    place: 'phone',
    shows: "the holder taps Don't Trust at once: Pair answers UserDeniedPairing (-18)",
    cause: 'C43',
    seenBy: 'pairing',
    paired: false,
  },
  'trust-ignored': {
    place: 'phone',
    shows: 'Pair answers PairingDialogResponsePending (-19) for ever: no dialog is on the screen, taps have no effect',
    cause: 'C42',
    seenBy: 'pairing',
    paired: false,
  },
  'forgets-host': {
    place: 'phone',
    shows: 'every granted pairing is forgotten: StartSession answers InvalidHostID (-21) until it is paired anew',
    cause: 'C44',
    seenBy: 'looking',
    paired: true,
  },
  'tls-cut': {
    place: 'phone',
    shows: 'StartSession succeeds, then the connection is cut in the TLS handshake',
    cause: 'C44',
    seenBy: 'looking',
    paired: true,
  },
  impostor: {
    place: 'phone',
    shows: 'StartSession succeeds, then TLS shows a certificate that is not the DeviceCertificate of the record',
    cause: 'C99',
    seenBy: 'looking',
    paired: true,
  },
  hang: { place: 'phone', shows: 'lockdownd accepts the connection and never answers', cause: 'C32', seenBy: 'looking', paired: true },
  drop: { place: 'phone', shows: 'lockdownd closes in the middle of every answer', cause: 'C32', seenBy: 'looking', paired: true },
  garbage: { place: 'phone', shows: 'lockdownd answers frames that hold no property list', cause: 'C63', seenBy: 'looking', paired: true },
  'half-frame': {
    place: 'phone',
    shows: 'lockdownd sends half of every answer, then stays silent',
    cause: 'C32',
    seenBy: 'looking',
    paired: true,
  },
  'slow-bytes': {
    place: 'phone',
    shows: 'every answer arrives byte by byte; a sound client does not mind',
    cause: null,
    seenBy: 'looking',
    paired: true,
  },
  refused: { place: 'phone', shows: 'every Connect answers result 3, connection refused', cause: 'C32', seenBy: 'looking', paired: true },
  'before-first-unlock': {
    place: 'phone',
    shows: 'restarted and not unlocked since: StartSession answers EscrowLocked (-35) until the holder enters the passcode',
    cause: 'C48',
    seenBy: 'looking',
    paired: true,
  },
  'lost-mode': {
    place: 'phone',
    shows: 'in Lost Mode: StartSession and Pair answer FMiPProtected (-37)',
    cause: 'C54',
    seenBy: 'looking',
    paired: true,
  },
  'supervised-closed': {
    place: 'phone',
    shows: 'supervised and closed to computers outside its organisation: Pair answers MCProtected (-38), no dialog appears',
    cause: 'C52',
    seenBy: 'pairing',
    paired: false,
  },
  'supervised-challenge': {
    place: 'phone',
    shows: "supervised: Pair answers MCChallengeRequired (-39) until it is signed with the organisation's identity",
    cause: 'C52',
    seenBy: 'pairing',
    paired: false,
  },
  'supervised-elsewhere': {
    place: 'phone',
    shows: 'supervised by somebody else: Pair answers ProhibitedBySupervision, which has no number',
    cause: 'C52',
    seenBy: 'pairing',
    paired: false,
  },
  'service-prohibited': {
    place: 'phone',
    shows: 'supervised with a restriction: StartService answers ServiceProhibited (-34); sessions work',
    cause: 'C52',
    seenBy: 'looking',
    paired: true,
  },
  'record-unsavable': {
    place: 'phone',
    shows: 'Pair answers SavePairRecordFailed (-30) after the tap: the phone cannot keep the pairing',
    cause: 'C46',
    seenBy: 'pairing',
    paired: false,
  },
  'wifi-sync-off': {
    place: 'phone',
    shows: 'EnableWifiConnections of com.apple.mobile.wireless_lockdown is false until a computer sets it',
    cause: 'C75',
    seenBy: 'looking',
    paired: true,
  },
  'wifi-hung': {
    place: 'phone',
    shows: 'does not announce itself for Wi-Fi sync, though that is on, until it is restarted',
    cause: 'C79',
    seenBy: 'looking',
    paired: true,
  },
  'clock-skew': {
    place: 'phone',
    shows: 'the clock (TimeIntervalSince1970) is 26 hours behind; nothing is broken by that alone',
    cause: null,
    seenBy: 'looking',
    paired: true,
  },
  'certificates-ended': {
    place: 'phone',
    shows: "paired eleven years ago: the record's certificates have ended, and the connection is cut in the TLS handshake",
    cause: 'C57',
    seenBy: 'looking',
    paired: true,
  },
  'not-activated': {
    place: 'phone',
    shows: 'ActivationState is Unactivated: it stands in the Setup Assistant',
    cause: 'C59',
    seenBy: 'looking',
    paired: true,
  },
  'storage-full': {
    place: 'phone',
    shows: '300 MB are free (TotalDataAvailable of com.apple.disk_usage)',
    cause: 'C91',
    seenBy: 'looking',
    paired: true,
  },
  'battery-worn': {
    place: 'phone',
    shows: 'a full charge is 61 % of the design capacity after 1041 cycles (IORegistry and GasGauge of diagnostics_relay)',
    cause: null,
    seenBy: 'looking',
    paired: true,
  },
  restoring: {
    place: 'phone',
    shows: 'QueryType answers com.apple.mobile.restored; every other request InvalidRequest',
    cause: 'C03',
    seenBy: 'looking',
    paired: true,
  },
  flap: {
    place: 'bus',
    shows: 'the phone drops off the bus and returns every two seconds, with a new DeviceID and a higher devnum',
    cause: 'C11',
    seenBy: 'looking',
    paired: true,
  },
  'not-listed': {
    place: 'bus',
    shows: 'on the bus with its 255/254/2 interface, missing from ListDevices',
    cause: 'C39',
    seenBy: 'looking',
    paired: true,
  },
  'no-mux-interface': {
    place: 'bus',
    shows: 'on the bus in a configuration without the 255/254/2 interface, missing from ListDevices',
    cause: 'C08',
    seenBy: 'looking',
    paired: true,
  },
  'preflight-dropped': {
    place: 'bus',
    shows: 'on the bus with its interface; the daemon listed it, failed its preflight (-8 in the log) and dropped it',
    cause: 'C56',
    seenBy: 'looking',
    paired: true,
  },
  'wifi-only': {
    place: 'bus',
    shows: 'off the bus, new to this computer and listed over the network: Pair answers -36, and the key for it GetProhibited (-13)',
    cause: 'C49',
    seenBy: 'pairing',
    paired: false,
  },
  'wifi-too': {
    place: 'bus',
    shows: 'listed twice, over USB and over the network; a sound client takes it for one phone',
    cause: null,
    seenBy: 'looking',
    paired: true,
  },
  'mux-stopped': {
    place: 'daemon',
    shows: 'the multiplexer is not running: its socket is gone (TCP: refused)',
    cause: 'C30',
    seenBy: 'looking',
    paired: false,
  },
  'mux-crashed': {
    place: 'daemon',
    shows: 'the multiplexer died: its socket file is still there and refuses connections',
    cause: 'C30',
    seenBy: 'looking',
    paired: false,
  },
  'mux-silent': {
    place: 'daemon',
    shows: 'the multiplexer accepts connections and never answers',
    cause: null,
    seenBy: 'looking',
    paired: false,
  },
  'mux-garbage': {
    place: 'daemon',
    shows: 'the multiplexer answers bytes that are no usbmux frame',
    cause: 'C63',
    seenBy: 'looking',
    paired: false,
  },
} as const satisfies Record<string, FaultRow>;

export type FaultId = keyof typeof FAULTS;
type At<P extends FaultPlace> = { [K in FaultId]: (typeof FAULTS)[K]['place'] extends P ? K : never }[FaultId];
/** How a phone begins. */
export type StartId = At<'start'>;
/** Faults of the phone itself or of its place on the bus. */
export type PhoneFaultId = At<'phone' | 'bus'>;
/** Faults of the multiplexer. */
export type MuxFaultId = At<'daemon'>;

const at = <P extends FaultPlace>(...places: P[]) =>
  (Object.keys(FAULTS) as FaultId[]).filter((id) => (places as FaultPlace[]).includes(FAULTS[id].place)) as [At<P>, ...At<P>[]];
export const START_IDS = at('start');
export const PHONE_FAULT_IDS = at('phone', 'bus');
export const MUX_FAULT_IDS = at('daemon');
