import { constants } from 'node:fs';
import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readBoundedBytes, readFailed } from './sysfs.js';
import { ChangeFailed } from './usb-switches.js';

/** Accounts that distributions run usbmuxd under: Debian and its kin, Fedora and its kin. */
export const MUX_ACCOUNTS = ['usbmux', 'usbmuxd'] as const;
export type MuxAccount = (typeof MUX_ACCOUNTS)[number];

/** Where systemd looks for an administrator's additions to a unit (systemd.unit(5)), and the one that is ours. */
export const DROP_IN = '/etc/systemd/system/usbmuxd.service.d/50-lockstep-no-preflight.conf';

/**
 * The drop-in's whole text: usbmuxd as the distribution starts it, and `--no-preflight` (usbmuxd(8)). `ExecStart=` without a value takes
 * the unit's own line away first; a service of this type has one only (systemd.service(5)).
 */
export function dropInText(account: MuxAccount): string {
  return [
    '# Placed by the Lockstep agent: phones stay listed while their holder has not yet tapped Trust. Remove it to undo.',
    '[Service]',
    'ExecStart=',
    `ExecStart=/usr/sbin/usbmuxd --user ${account} --systemd --no-preflight`,
    '',
  ].join('\n');
}

/** The longest text that may be ours. */
const BYTES = 4_096;

/**
 * Writes the drop-in, whole or not at all; systemd hears of it at its next reload. A file of that name that is not ours is left. Rejects
 * with {@link ChangeFailed}. `root` is another place than `/` in tests.
 */
export async function placeDropIn(account: MuxAccount, root = '/'): Promise<void> {
  const path = join(root, DROP_IN);
  const part = `${path}.part`;
  try {
    if ((await ownText(path)) === 'foreign') throw new ChangeFailed('not-ours', DROP_IN);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await rm(part, { force: true });
    const file = await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o644);
    try {
      await file.writeFile(dropInText(account));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (e) {
    throw asChange(e, path);
  }
}

/** Removes the drop-in, and its folder when nothing else is in it. Nothing when there is none; one that is not ours is left. Rejects with {@link ChangeFailed}. */
export async function removeDropIn(root = '/'): Promise<void> {
  const path = join(root, DROP_IN);
  try {
    if ((await ownText(path)) === 'foreign') throw new ChangeFailed('not-ours', DROP_IN);
    await rm(`${path}.part`, { force: true });
    await rm(path, { force: true });
    await rmdir(dirname(path)).catch((e: NodeJS.ErrnoException) => {
      if (e.code !== 'ENOTEMPTY' && e.code !== 'EEXIST' && e.code !== 'ENOENT') throw e;
    });
  } catch (e) {
    throw asChange(e, path);
  }
}

async function ownText(path: string): Promise<'none' | 'ours' | 'foreign'> {
  let text: string;
  try {
    text = Buffer.from(await readBoundedBytes(path, BYTES)).toString('utf8');
  } catch (e) {
    if (readFailed(e, path).reason === 'missing' || (e as { reason?: string }).reason === 'missing') return 'none';
    throw e;
  }
  return MUX_ACCOUNTS.some((account) => dropInText(account) === text) ? 'ours' : 'foreign';
}

function asChange(e: unknown, path: string): ChangeFailed {
  if (e instanceof ChangeFailed) return e;
  const reason = (e as { reason?: unknown }).reason;
  if (reason === 'missing' || reason === 'denied' || reason === 'io') return new ChangeFailed(reason, path);
  return new ChangeFailed(readFailed(e, path).reason, path);
}
