import { type Machine, osReleaseValues, ReadFailed } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { hostOsRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** The computer's system. */
export const hostOs: HostProbe = {
  id: 'host-os',
  kinds: ['host-os'],
  cost: 'moderate',
  cadenceMs: 60 * 60_000,
  deadlineMs: 15_000,
  rows: {
    linux: {
      asks: ['os-release', 'kernel-release', 'self'],
      privilege: 'user',
      async ask({ machine }) {
        const values = osReleaseValues(await machine.readFile('os-release'));
        const name = values.get('NAME');
        if (name === undefined) return [draft.failed('host-os', 'host', 'garbage')];
        return [
          draft.seen('host-os', 'host', {
            name: name.slice(0, 64),
            // Rolling distributions have no version.
            version: (values.get('VERSION_ID') ?? values.get('BUILD_ID') ?? 'rolling').slice(0, 32),
            build: await kernelRelease(machine),
            model: null,
            edition: null,
            arch: (await machine.identity()).arch,
            mediaFeatures: null,
          }),
        ];
      },
    },
    macos: hostOsRow,
    windows: windows.hostOsRow,
  },
};

async function kernelRelease(machine: Machine): Promise<string | null> {
  try {
    return (await machine.readFile('kernel-release')).trim().slice(0, 32) || null;
  } catch (e) {
    if (e instanceof ReadFailed) return null;
    throw e;
  }
}
