import type { CommandId, Os } from '../../machine/index.js';
import { type FixEnd, failed, refused, type Steps } from '../fix.js';
import { begin } from '../look.js';
import { type AppleStackLook, lookAtStack } from './apple-stack.js';
import { type Installed, runInstaller } from './installer.js';

/** winget's own numbers (microsoft/winget-cli, "returnCodes.md") and Windows Installer's (learn.microsoft.com, "MsiExec.exe error messages"). */
const CURRENT = 0x8a15_002b;
const ENDS: ReadonlyMap<number, string> = new Map([
  [0x8a15_0014, 'no-such-package'],
  [0x8a15_0102, 'installer-busy'],
  [0x8a15_0101, 'program-open'],
  [1618, 'installer-busy'],
  [1603, 'installer-failed'],
]);
/** ERROR_SUCCESS_REBOOT_REQUIRED, and winget's "restart your computer to finish". */
const RESTART: ReadonlySet<number> = new Set([3010, 0x8a15_0109]);

/**
 * F22 on Windows: Apple's programs of the flavour that is in use are updated, and Apple Devices is installed where there is none. Never the
 * other flavour beside the one that is there, never while one of them is open, never with a restart: where one is needed to finish, the
 * facts say so and F24 is for the person. The Store serves nobody but the person in front.
 */
const onWindows: Steps = async (_order, tools) => {
  const look = await lookAtStack(tools);
  if (look === null) return refused('programs-unreadable');
  if (look.classic && look.store !== null) return refused('both-stacks');
  if (look.store === 'both') return refused('both-stacks');
  if (look.open) return refused('program-open');
  if (!look.classic && !look.person) return refused('nobody-in-front');
  await begin('F22', null, tools);
  return endOf(await runInstaller(tools, upgradeOf(look)));
};

function upgradeOf({ classic, store, programs }: AppleStackLook): CommandId {
  if (classic) return programs.some((p) => p.name === 'iTunes') ? 'itunes-upgrade' : 'support-upgrade';
  if (store === 'itunes') return 'store-itunes-upgrade';
  return store === 'devices' ? 'devices-upgrade' : 'devices-install';
}

/** What an installer's end means. */
function endOf(installed: Installed): FixEnd {
  if (installed.what === 'not-started') return failed(`update-${installed.word}`);
  if (installed.what === 'unsure') return { mechanics: 'unknown', detail: `update-${installed.word}`, facts: [] };
  const { code } = installed;
  if (code === 0) return { mechanics: 'done', detail: 'updated', facts: [] };
  if (code === CURRENT) return { mechanics: 'done', detail: 'already-current', facts: [] };
  if (RESTART.has(code)) return { mechanics: 'done', detail: 'restart-needed', facts: [] };
  return failed(ENDS.get(code) ?? `update-ended-${code.toString(16)}`);
}

/** Of macOS and Linux Apple's part and the open library come with the system's own updates. */
export const updateApple: Record<Os, Steps | 'unsupported'> = { linux: 'unsupported', macos: 'unsupported', windows: onWindows };
