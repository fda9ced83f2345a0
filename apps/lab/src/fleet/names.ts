import type { Os } from '@lockstep/agent/machine';
import type { Seeded } from '../phone/index.js';

/** First names as on the phones of an office anywhere. */
const OWNERS = [
  'Jun',
  'Ada',
  'Mateo',
  'Noor',
  'Kim',
  'Priya',
  'Tomás',
  'Zoë',
  'Femi',
  'Ingrid',
  'Luca',
  'Mei',
  'Omar',
  'Ruth',
  'Sven',
  'Yara',
  'Björn',
  'Chloe',
  'Dmitri',
  'Elif',
  'Grace',
  'Hana',
  'Ivo',
  'Jonas',
  'Keiko',
  'Lena',
  'Malik',
  'Nina',
  'Otis',
  'Paula',
  'Quinn',
  'Rosa',
  'Sami',
  'Tara',
  'Uma',
  'Vera',
  'Wes',
  'Ximena',
  'Yusuf',
  'Zara',
] as const;

/** Linux systems of office computers, as their os-release names them. */
const LINUXES = [
  'Debian GNU/Linux 12 (bookworm)',
  'Ubuntu 24.04.3 LTS',
  'Ubuntu 24.04.3 LTS',
  'Fedora Linux 43 (Workstation Edition)',
  'Debian GNU/Linux 13 (trixie)',
] as const;
const OTHERS = {
  macos: ['macOS 26.1 (25B78)', 'macOS 26.1 (25B78)', 'macOS 15.7.2 (24G325)'],
  windows: ['Windows 11 Pro 25H2 (26200.7171)', 'Windows 11 Pro 24H2 (26100.7171)', 'Windows 10 Pro 22H2 (19045.6456)'],
} as const;

/** The first few computers of a company run Linux; then they are mixed, as offices are. */
const FIRST_LINUX = 4;
const MIXED: readonly Os[] = ['macos', 'windows', 'linux', 'windows', 'macos'];
const PREFIX: Record<Os, string> = { linux: 'lnx', macos: 'mac', windows: 'win' };
const systemOf = (n: number): Os => (n < FIRST_LINUX ? 'linux' : (MIXED[(n - FIRST_LINUX) % MIXED.length] ?? 'linux'));

export interface PlannedPhone {
  /** What the lab calls it: letters, digits and dashes. */
  name: string;
  /** What its holder calls it. */
  deviceName: string;
}

export interface PlannedComputer {
  name: string;
  os: Os;
  osVersion: string;
  phones: PlannedPhone[];
}

/** The same company every time: inventory numbers, systems, whose phone hangs where. */
export function planFleet(seed: Seeded, computers: number, phones: number): PlannedComputer[] {
  const plan: PlannedComputer[] = [];
  let number = 200 + seed.below(60);
  for (let i = 0; i < computers; i++) {
    number += 1 + seed.below(9);
    const os = systemOf(i);
    const linux = seed.pick(LINUXES);
    const osVersion = os === 'linux' ? linux : (OTHERS[os][i % OTHERS[os].length] ?? linux);
    plan.push({ name: `${PREFIX[os]}-${String(number).padStart(4, '0')}`, os, osVersion, phones: [] });
  }
  const owners = shuffled(seed, OWNERS);
  for (let i = 0; i < phones; i++) {
    const round = Math.floor(i / owners.length);
    const owner = owners[i % owners.length] ?? 'Jun';
    const ascii = owner
      .normalize('NFD')
      .replace(/[^A-Za-z]/g, '')
      .toLowerCase();
    const suffix = round === 0 ? '' : `-${round + 1}`;
    plan[i % plan.length]?.phones.push({
      name: `${ascii}${suffix}`,
      deviceName: `${owner}${owner.endsWith('s') ? "'" : "'s"} iPhone${round === 0 ? '' : ` ${round + 1}`}`,
    });
  }
  return plan;
}

function shuffled<T>(seed: Seeded, from: readonly T[]): T[] {
  const list = [...from];
  for (let i = list.length - 1; i > 0; i--) {
    const j = seed.below(i + 1);
    const [a, b] = [list[i] as T, list[j] as T];
    list[i] = b;
    list[j] = a;
  }
  return list;
}
