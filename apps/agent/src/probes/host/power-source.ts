import { type DraftFact, parsePowerNow, ReadFailed, type Sysfs } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import * as windows from './windows/index.js';

const SUPPLIES = 'class/power_supply';

/** What the computer runs on: a phone that is being restored must not lose it half way. */
export const powerSource: HostProbe = {
  id: 'power-source',
  kinds: ['power-source'],
  cost: 'moderate',
  cadenceMs: 30 * 60_000,
  deadlineMs: 10_000,
  rows: {
    linux: { asks: ['sysfs'], privilege: 'user', ask: ({ machine }) => askSupplies(machine.sysfs) },
    macos: {
      asks: ['power-now'],
      privilege: 'user',
      ask: async ({ machine }, signal) => parsePowerNow(await machine.run('power-now', signal)),
    },
    windows: windows.powerSourceRow,
  },
};

const seen = (mains: boolean): DraftFact => draft.seen('power-source', 'host', { mains });

/**
 * The kernel's power supplies (Documentation/ABI/testing/sysfs-class-power): a mains or USB supply says whether it is online, a battery of
 * the system whether it is drained. Batteries of mice and phones have the scope `Device` and do not count.
 */
async function askSupplies(sysfs: Sysfs): Promise<DraftFact[]> {
  const names = await sysfs.list(SUPPLIES).catch((e) => {
    if (e instanceof ReadFailed && e.reason === 'missing') return [];
    throw e;
  });
  let battery = false;
  for (const name of names.filter((n) => /^[A-Za-z0-9_.:-]{1,64}$/.test(n) && !n.startsWith('.'))) {
    const of = (file: string) => attribute(sysfs, name, file);
    const type = await of('type');
    if (type === 'Mains' && (await of('online')) === '1') return [seen(true)];
    if (type === 'Battery' && (await of('scope')) !== 'Device' && (await of('status')) === 'Discharging') battery = true;
  }
  return [seen(!battery)];
}

async function attribute(sysfs: Sysfs, name: string, file: string): Promise<string | null> {
  try {
    return (await sysfs.readText(`${SUPPLIES}/${name}/${file}`)).trim();
  } catch (e) {
    if (e instanceof ReadFailed && e.reason !== 'denied') return null;
    throw e;
  }
}
