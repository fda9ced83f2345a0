import type { CommandRow } from './row.js';
import { asked, POWERSHELL } from './windows.js';
import { BEGIN, END, script } from './windows-script-parts.js';

const ICACLS = ['C:\\Windows\\System32\\icacls.exe'] as const;
/** Where Apple's programs keep pair records on Windows. */
const FOLDER = 'C:\\ProgramData\\Apple\\Lockdown';
/** The system itself (LocalSystem), which Apple's service runs as; by number, since names of accounts are translated. */
const SYSTEM = '*S-1-5-18';

const acts = { os: 'windows', programs: ICACLS, privilege: 'admin', effect: 'acts', deadlineMs: 10_000, parse: null } as const;

/** What fixes of trust run: the access list of the records' folder on Windows. Nobody but the system is ever given anything there. */
export const TRUST_FIX_COMMANDS = {
  'windows-record-acl': {
    os: 'windows',
    programs: POWERSHELL,
    args: asked(script(BEGIN, `S 'store' { (Get-Acl -LiteralPath '${FOLDER}').Sddl };`, END)),
    deadlineMs: 15_000,
    privilege: 'admin',
    effect: 'reads',
    costly: true,
    parse: null,
  },
  'record-acl-grant': { ...acts, args: [FOLDER, '/grant', `${SYSTEM}:(OI)(CI)F`] },
  /** Takes back what is denied to the system there by name; what a folder above denies stays. */
  'record-acl-undeny': { ...acts, args: [FOLDER, '/remove:d', SYSTEM] },
  'record-acl-ungrant': { ...acts, args: [FOLDER, '/remove:g', SYSTEM] },
} as const satisfies Record<string, CommandRow>;
