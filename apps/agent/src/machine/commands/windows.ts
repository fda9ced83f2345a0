import {
  parseWindowsListener,
  parseWindowsLog,
  parseWindowsNetwork,
  parseWindowsNow,
  parseWindowsSlow,
  parseWindowsTime,
} from '../windows/index.js';
import type { CommandRow } from './row.js';
import { WINDOWS_LISTENER, WINDOWS_LOG, WINDOWS_NETWORK, WINDOWS_NOW, WINDOWS_SLOW } from './windows-scripts.js';

/** Windows PowerShell 5.1 is part of every Windows 10 and 11. PowerShell 7 is an addition that few have, and speaks otherwise. */
export const POWERSHELL = ['C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'] as const;
/** No profile is read, nobody is asked; the policy for script files does not hold for a command, but a machine policy may say so. */
export const asked = (script: string) =>
  ['-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-Command', script] as const;
/** The list of processes and a few hundred nodes make some hundred KiB; a log of a bad day more. */
const BYTES = 4_194_304;

/** Every command this agent can ever run on Windows. */
export const WINDOWS_COMMANDS = {
  /** A cold start of PowerShell on a busy computer takes several seconds, its modules for devices and network as many again. */
  'windows-now': {
    os: 'windows',
    programs: POWERSHELL,
    args: asked(WINDOWS_NOW),
    deadlineMs: 25_000,
    privilege: 'admin',
    effect: 'reads',
    outputBytes: BYTES,
    costly: true,
    parse: parseWindowsNow,
  },
  'windows-log': {
    os: 'windows',
    programs: POWERSHELL,
    args: asked(WINDOWS_LOG),
    deadlineMs: 40_000,
    privilege: 'admin',
    effect: 'reads',
    outputBytes: BYTES,
    costly: true,
    parse: parseWindowsLog,
  },
  'windows-slow': {
    os: 'windows',
    programs: POWERSHELL,
    args: asked(WINDOWS_SLOW),
    deadlineMs: 50_000,
    privilege: 'admin',
    effect: 'reads',
    outputBytes: BYTES,
    costly: true,
    parse: parseWindowsSlow,
  },
  'windows-network': {
    os: 'windows',
    programs: POWERSHELL,
    args: asked(WINDOWS_NETWORK),
    deadlineMs: 25_000,
    privilege: 'user',
    effect: 'reads',
    outputBytes: BYTES,
    costly: true,
    parse: parseWindowsNetwork,
  },
  'windows-listener': {
    os: 'windows',
    programs: POWERSHELL,
    args: asked(WINDOWS_LISTENER),
    deadlineMs: 20_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseWindowsListener,
  },
  /** One question to the time server that Windows itself asks by default; `/dataonly` prints numbers in every language. */
  'windows-time': {
    os: 'windows',
    programs: ['C:\\Windows\\System32\\w32tm.exe'],
    args: ['/stripchart', '/computer:time.windows.com', '/samples:1', '/dataonly'],
    deadlineMs: 12_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseWindowsTime,
  },
} as const satisfies Record<string, CommandRow>;
