import { type DraftFact, type Machine, type Packages, readDpkg, readPacman, readRpm, readUsbmuxdVersion } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { appleSoftwareRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** Apple's software on this computer, or what stands in for it. */
export const appleSoftware: HostProbe = {
  id: 'apple-software',
  kinds: ['apple-software'],
  cost: 'moderate',
  cadenceMs: 60 * 60_000,
  deadlineMs: 30_000,
  rows: {
    linux: {
      asks: ['dpkg-versions', 'rpm-versions', 'pacman-versions', 'usbmuxd-version'],
      privilege: 'user',
      ask: ({ machine }, signal) => askLinux(machine, signal),
    },
    macos: appleSoftwareRow,
    windows: windows.appleSoftwareRow,
  },
};

/** The package managers in turn; the program itself where none of them knows it (built by hand). */
async function askLinux(machine: Machine, signal: AbortSignal): Promise<DraftFact[]> {
  const managers: readonly (() => Promise<Packages>)[] = [
    async () => readDpkg(await machine.run('dpkg-versions', signal)),
    async () => readRpm(await machine.run('rpm-versions', signal)),
    async () => readPacman(await machine.run('pacman-versions', signal)),
  ];
  let whole = false;
  for (const ask of managers) {
    const packages = await ask();
    if (!packages.read && packages.reason !== 'missing-tool') return [draft.failed('apple-software', 'host', packages.reason)];
    if (!packages.read) continue;
    whole = true;
    if (packages.items.length > 0) return seen(packages.items, true);
  }
  const own = readUsbmuxdVersion(await machine.run('usbmuxd-version', signal));
  if (own.read) return seen(own.items, false);
  return whole ? seen([], true) : [draft.failed('apple-software', 'host', own.reason)];
}

function seen(items: Extract<Packages, { read: true }>['items'], whole: boolean): DraftFact[] {
  return [draft.seen('apple-software', 'host', { items, driver: null, whole })];
}
