import type { Argument, CommandRow } from './row.js';

const IRECOVERY = ['/usr/bin/irecovery', '/usr/local/bin/irecovery'] as const;
const IDEVICERESTORE = ['/usr/bin/idevicerestore', '/usr/local/bin/idevicerestore'] as const;

/** Firmware is 8 to 12 GB: it is kept in the agent's own folder, which its service may write to. */
const FIRMWARE = '/var/lib/lockstep-agent/firmware';

const MINUTE_MS = 60_000;
/** One minute less than the fix has: what is left is for looking at what came of it. */
const UPDATE_MS = 59 * MINUTE_MS;
const RESTORE_MS = 89 * MINUTE_MS;
/** Progress is told in lines; the end of them is what is kept. */
const PROGRESS_BYTES = 262_144;

/** On one phone, the newest firmware that Apple signs, without questions (there is nobody to answer them), progress in plain lines. */
const NEWEST: readonly Argument[] = ['--ecid', { param: 'ecid' }, '--latest', '--no-input', '--plain-progress', '--cache-path', FIRMWARE];

/** The open tools for phones that show the cable picture or a black screen. */
export const LINUX_RECOVERY_COMMANDS = {
  /** `-n`: setenv auto-boot true, saveenv, reboot (irecovery.c). It tries for 6 s to find the phone, and ends with 0 whatever the phone did. */
  'irecovery-normal': {
    os: 'linux',
    programs: IRECOVERY,
    args: ['-i', { param: 'ecid' }, '-n'],
    deadlineMs: 30_000,
    privilege: 'admin',
    effect: 'acts',
    parse: null,
  },
  /** Whether it is there: asked before anything is begun. Older ones do not know the option and print their usage. */
  'irecovery-version': {
    os: 'linux',
    programs: IRECOVERY,
    args: ['-V'],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: null,
  },
  'idevicerestore-version': {
    os: 'linux',
    programs: IDEVICERESTORE,
    args: ['--version'],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: null,
  },
  /**
   * Update, and nothing but an update: without a named variant the tool takes an erasing one where a file holds no other (its README), so
   * the variant is named, and a file without it is refused. A version of the tool that does not know the option ends with its usage.
   */
  'idevicerestore-update': {
    os: 'linux',
    programs: IDEVICERESTORE,
    args: [...NEWEST, '--variant', 'Customer Upgrade Install (IPSW)'],
    deadlineMs: UPDATE_MS,
    privilege: 'admin',
    effect: 'acts',
    outlives: true,
    outputBytes: PROGRESS_BYTES,
    parse: null,
  },
  /** Erases the phone. */
  'idevicerestore-erase': {
    os: 'linux',
    programs: IDEVICERESTORE,
    args: [...NEWEST, '--erase'],
    deadlineMs: RESTORE_MS,
    privilege: 'admin',
    effect: 'acts',
    outlives: true,
    outputBytes: PROGRESS_BYTES,
    parse: null,
  },
} as const satisfies Record<string, CommandRow>;
