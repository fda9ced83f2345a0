import type { Argument, CommandRow } from './row.js';

const LAUNCHCTL = ['/bin/launchctl'] as const;

/**
 * Configurator's tool inside its own application. The link that it puts into /usr/local/bin is not followed: on many Macs that folder
 * belongs to a person (Homebrew), and whoever owns it could have a program of theirs started by this agent.
 */
export const CFGUTIL = '/Applications/Apple Configurator.app/Contents/MacOS/cfgutil';

/** Root enters the session of the person in front and becomes that person first (launchctl(1), asuser): never anything of theirs as root. */
export const AS_PERSON: readonly Argument[] = [
  'asuser',
  { param: 'uid' },
  '/usr/bin/sudo',
  '-n',
  '-H',
  '-u',
  { param: 'uid', before: '#' },
  '--',
];

/** `cfgutil --format JSON --timeout 30 -e ECID …`: it waits that long for the phone to be there. */
const ON_PHONE: readonly Argument[] = [...AS_PERSON, CFGUTIL, '--format', 'JSON', '--timeout', '30', '-e', { param: 'ecid' }];

/** Where IT puts the identity that supervises the company's phones, in DER, the key for its owner alone (0600), who is the bench's account. */
const IDENTITY = '/Library/Application Support/Lockstep/organisation';

/** What is asked of a phone: how it stands, never who it is. Names, numbers and contents are not asked for. */
const PROPERTIES = [
  'bootedState',
  'deviceType',
  'firmwareVersion',
  'buildVersion',
  'activationState',
  'isPaired',
  'isSupervised',
  'isRestorable',
  'passcodeProtected',
  'batteryCurrentCapacity',
  'batteryIsCharging',
  'freeDiskSpace',
] as const;

const MINUTE_MS = 60_000;
/** One minute less than the fix has: what is left is for looking at what came of it. */
const UPDATE_MS = 59 * MINUTE_MS;
const RESTORE_MS = 89 * MINUTE_MS;
/** Progress is told some times a second in lines of 200 bytes; the result is at the end, which is what is kept. */
const PROGRESS_BYTES = 262_144;

/** Apple Configurator's command line tool, and the open library's for phones that show the cable picture. */
export const MACOS_RECOVERY_COMMANDS = {
  'cfgutil-get': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: [...AS_PERSON, CFGUTIL, '--format', 'JSON', '--timeout', '5', '-e', { param: 'ecid' }, 'get', ...PROPERTIES],
    deadlineMs: 20_000,
    privilege: 'admin',
    effect: 'reads',
    parse: null,
  },
  /** Raises "Trust This Computer?"; with a supervising identity in Configurator it is silent. The holder has a minute. */
  'cfgutil-pair': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: [...ON_PHONE, 'pair'],
    deadlineMs: 60_000,
    privilege: 'admin',
    effect: 'acts',
    parse: null,
  },
  'cfgutil-unpair': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: [...ON_PHONE, 'unpair'],
    deadlineMs: 45_000,
    privilege: 'admin',
    effect: 'acts',
    parse: null,
  },
  /** A supervised phone restarts for whoever has the organisation's identity. */
  'cfgutil-restart': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: [...ON_PHONE, '-C', `${IDENTITY}/certificate.der`, '-K', `${IDENTITY}/key.der`, 'restart'],
    deadlineMs: 60_000,
    privilege: 'admin',
    effect: 'acts',
    parse: null,
  },
  /** The newest iOS; what is on the phone stays. */
  'cfgutil-update': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: [...ON_PHONE, 'update'],
    deadlineMs: UPDATE_MS,
    privilege: 'admin',
    effect: 'acts',
    outlives: true,
    outputBytes: PROGRESS_BYTES,
    parse: null,
  },
  /** The firmware anew; what is on the phone stays. */
  'cfgutil-revive': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: [...ON_PHONE, 'revive'],
    deadlineMs: UPDATE_MS,
    privilege: 'admin',
    effect: 'acts',
    outlives: true,
    outputBytes: PROGRESS_BYTES,
    parse: null,
  },
  /** Erases the phone. */
  'cfgutil-restore': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: [...ON_PHONE, 'restore'],
    deadlineMs: RESTORE_MS,
    privilege: 'admin',
    effect: 'acts',
    outlives: true,
    outputBytes: PROGRESS_BYTES,
    parse: null,
  },
  /** `-n`: setenv auto-boot true, saveenv, reboot (irecovery.c). Homebrew's, which is the person's own: so it runs as the person. */
  'mac-irecovery-normal': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: [...AS_PERSON, '/opt/homebrew/bin/irecovery', '-i', { param: 'ecid' }, '-n'],
    deadlineMs: 30_000,
    privilege: 'admin',
    effect: 'acts',
    parse: null,
  },
  /** The same on a Mac with an Intel processor, where Homebrew lives elsewhere. */
  'mac-irecovery-normal-intel': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: [...AS_PERSON, '/usr/local/bin/irecovery', '-i', { param: 'ecid' }, '-n'],
    deadlineMs: 30_000,
    privilege: 'admin',
    effect: 'acts',
    parse: null,
  },
} as const satisfies Record<string, CommandRow>;
