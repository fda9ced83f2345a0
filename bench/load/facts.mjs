// What a simulated computer has to tell: fifteen facts about itself, one phone that is plugged in and one that is away.

/** @typedef {import('@lockstep/core/health').Fact} Fact */

/** Facts in a whole picture, and facts that one message changes. */
export const PICTURE = 15;
export const CHANGED = 3;

/** From one message to the next that tells another verdict: most reports change readings and nothing else. */
export const VERDICT_EVERY = 20;

/**
 * The phone that is plugged in (`a`) or away (`b`) of the computer with this number.
 * @param {number} computer
 * @param {'a' | 'b'} which
 */
export function udidOf(computer, which) {
  return `00008110-${(computer * 2 + (which === 'a' ? 1 : 2)).toString(16).toUpperCase().padStart(16, '0')}`;
}

/** @param {number} computer */
export function hostnameOf(computer) {
  return `bench-${String(computer).padStart(5, '0')}`;
}

/**
 * The whole picture; `n` is written into two of its facts.
 * @param {number} computer
 * @param {number} n
 * @param {string} at
 * @returns {Fact[]}
 */
export function picture(computer, n, at) {
  const base = { at, probe: 'bench', tookMs: 2 };
  const a = udidOf(computer, 'a');
  const b = udidOf(computer, 'b');
  const usb = {
    mode: /** @type {const} */ ('normal'),
    vendorId: 1452,
    productId: 4776,
    speedMbps: 480,
    location: '1-2',
    hubDepth: 0,
    address: 7,
    muxInterface: true,
    modelHint: 'iPhone14,5',
  };
  return [
    self(computer, n, base),
    { ...base, kind: 'usb-bus', subject: 'host', state: 'seen', reading: { devices: [{ ...usb, udid: a, ecid: null }] } },
    {
      ...base,
      kind: 'mux-daemon',
      subject: 'host',
      state: 'seen',
      reading: { state: 'running', pid: 512, restarts: 0, socket: 'answering', latencyMs: 1.5 },
    },
    { ...base, kind: 'mux-list', subject: 'host', state: 'seen', reading: { devices: [{ udid: a, connection: 'usb' }], unreadable: 0 } },
    { ...base, kind: 'usb-device', subject: { udid: a }, state: 'seen', reading: usb },
    listed(a, n, base),
    { ...base, kind: 'lockdown', subject: { udid: a }, state: 'seen', reading: { type: 'com.apple.mobile.lockdown', latencyMs: 4.5 } },
    {
      ...base,
      kind: 'pair-record',
      subject: { udid: a },
      state: 'seen',
      reading: { keys: RECORD_KEYS, bytes: 9_300, sameBuid: true, complete: true },
    },
    session(a, true, base),
    {
      ...base,
      kind: 'device-values',
      subject: { udid: a },
      state: 'seen',
      reading: {
        name: `Phone ${computer}`,
        productType: 'iPhone14,5',
        productVersion: '18.1',
        buildVersion: '22B83',
        deviceClass: 'iPhone',
      },
    },
    lock(a, false, base),
    {
      ...base,
      kind: 'service-start',
      subject: { udid: a },
      state: 'seen',
      reading: { service: 'com.apple.mobile.notification_proxy', outcome: 'started', error: null, code: null },
    },
    { ...base, kind: 'usb-device', subject: { udid: b }, state: 'absent' },
    { ...base, kind: 'mux-device', subject: { udid: b }, state: 'absent' },
    {
      ...base,
      kind: 'device-values',
      subject: { udid: b },
      state: 'seen',
      reading: { name: `Pad ${computer}`, productType: 'iPad13,1', productVersion: '18.1', buildVersion: '22B83', deviceClass: 'iPad' },
    },
  ];
}

const RECORD_KEYS = [
  'DeviceCertificate',
  'EscrowBag',
  'HostCertificate',
  'HostID',
  'HostPrivateKey',
  'RootCertificate',
  'RootPrivateKey',
  'SystemBUID',
  'WiFiMACAddress',
];

/**
 * The three facts that message `n` changes: `n` itself in two of them, so that it can be looked for afterwards; the third is the lock, or
 * now and then trust, which is lost and found again.
 * @param {number} computer
 * @param {number} n
 * @param {string} at
 * @returns {Fact[]}
 */
export function changes(computer, n, at) {
  const base = { at, probe: 'bench', tookMs: 2 };
  const a = udidOf(computer, 'a');
  // Computers take turns, so that not all verdicts change in one batch.
  const turn = n + computer;
  const third = turn % VERDICT_EVERY === 0 ? session(a, Math.floor(turn / VERDICT_EVERY) % 2 === 0, base) : lock(a, turn % 2 === 0, base);
  return [self(computer, n, base), listed(a, n, base), third];
}

/**
 * Trust of the plugged phone, lost or found.
 * @param {number} computer
 * @param {boolean} accepted
 * @param {string} at
 * @returns {Fact}
 */
export function trust(computer, accepted, at) {
  return session(udidOf(computer, 'a'), accepted, { at, probe: 'bench', tookMs: 2 });
}

/** @typedef {{ at: string, probe: string, tookMs: number }} Base */

/** @param {number} computer @param {number} n @param {Base} base @returns {Fact} */
function self(computer, n, base) {
  return {
    ...base,
    kind: 'agent-self',
    subject: 'host',
    state: 'seen',
    reading: {
      agent: 'bench',
      os: 'linux',
      osVersion: 'Debian GNU/Linux 12',
      arch: 'x64',
      hostname: hostnameOf(computer),
      privileged: true,
      lab: true,
      uptimeS: n,
      outbox: { waiting: 0, dropped: 0 },
    },
  };
}

/** @param {string} udid @param {number} n @param {Base} base @returns {Fact} */
function listed(udid, n, base) {
  return {
    ...base,
    kind: 'mux-device',
    subject: { udid },
    state: 'seen',
    reading: { connection: 'usb', alsoNetwork: false, locationId: n },
  };
}

/** @param {string} udid @param {boolean} locked @param {Base} base @returns {Fact} */
function lock(udid, locked, base) {
  return { ...base, kind: 'passcode-lock', subject: { udid }, state: 'seen', reading: { locked } };
}

/** @param {string} udid @param {boolean} accepted @param {Base} base @returns {Fact} */
function session(udid, accepted, base) {
  const reading = accepted
    ? { outcome: /** @type {const} */ ('accepted'), error: null, code: null }
    : { outcome: /** @type {const} */ ('refused'), error: 'InvalidHostID', code: -21 };
  return { ...base, kind: 'trust-session', subject: { udid }, state: 'seen', reading };
}
