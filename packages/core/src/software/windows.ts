import { z } from 'zod';
import { Day } from './shapes.js';

/** Until when Microsoft updates which Windows: data that is kept beside Apple's lists, read from Microsoft's pages on a day that it names. */

/**
 * Editions that end on one day. `home-pro`: Home, Pro and what is sold with them; `enterprise`: Enterprise and Education; `ltsc`: the long-term
 * channel; `iot-ltsc`: the same for fixed-purpose devices, which lasts longer.
 */
export const WINDOWS_EDITIONS = ['home-pro', 'enterprise', 'ltsc', 'iot-ltsc'] as const;
export type WindowsEdition = (typeof WINDOWS_EDITIONS)[number];

/** One version of Windows for some editions. */
export const WindowsRelease = z.object({
  /** The number of its build line: `19045` of 10.0.19045.5965. */
  build: z.int().min(10_000).max(999_999),
  /** What Microsoft calls it: `Windows 10 22H2`. */
  name: z.string().min(3).max(64),
  edition: z.enum(WINDOWS_EDITIONS),
  /** When it came; null when nobody says. */
  released: Day.nullable(),
  /** The last day on which it gets updates without a contract of its own. */
  ends: Day,
});
export type WindowsRelease = z.infer<typeof WindowsRelease>;

/** All of them, with where they are from and the day on which they were read there. */
export const WindowsLifecycle = z.object({
  schema: z.literal(1),
  source: z.string().min(8).max(1_000),
  asOf: Day,
  releases: z.array(WindowsRelease).min(1).max(500),
});
export type WindowsLifecycle = z.infer<typeof WindowsLifecycle>;

/**
 * How the updates of a Windows stand. `supported`: it gets them. `ended`: its last day is over. `unknown-release`: the list does not know this
 * build, or not for this edition. `stale`: the list is too old to say it. `unknown`: no list, or no build was read.
 */
export interface WindowsVerdict {
  status: 'supported' | 'ended' | 'unknown-release' | 'stale' | 'unknown';
  /** The release by its name; null when it is not known. */
  name: string | null;
  /** The last day with updates; null likewise. */
  ends: string | null;
}

const DAY_MS = 86_400_000;

/**
 * A list that nobody has read for this long says nothing new: Microsoft moved last days by half a year in the spring of 2020 ("Windows 10
 * lifecycle: servicing option updates"), so an older list may have an end in it that was put off since, ms.
 */
export const WINDOWS_STALE_MS = 180 * DAY_MS;

/** Since when the list is too old to go by, ms; null while it is not. */
export function windowsStaleSince(list: WindowsLifecycle, now: number): number | null {
  const staleAt = Date.parse(list.asOf) + WINDOWS_STALE_MS;
  return staleAt <= now ? staleAt : null;
}

/**
 * The group of an edition as Windows' registry names it (`EditionID`); null of one that no list speaks of, such as a server's. Names from
 * learn.microsoft.com, "Windows edition IDs" (DISM /Get-CurrentEdition) and GetProductInfo.
 */
export function windowsEdition(id: string): WindowsEdition | null {
  if (
    /^(Core(N|SingleLanguage|CountrySpecific)?|Professional(N|Workstation|WorkstationN|Education|EducationN|SingleLanguage|CountrySpecific)?|CloudEdition(N)?)$/.test(
      id,
    )
  )
    return 'home-pro';
  if (/^(Enterprise(N|G|GN)?|Education(N)?|IoTEnterprise|ServerRdsh)$/.test(id)) return 'enterprise';
  if (/^EnterpriseSN?$/.test(id)) return 'ltsc';
  return /^IoTEnterpriseSK?$/.test(id) ? 'iot-ltsc' : null;
}

/**
 * How the updates of this Windows stand at `now` (ms). Says `ended` or `supported` only of what the list knows. Where the edition was not read,
 * only what is true of every edition of the build is said. An end that a stale list foretold proves nothing; one that was over when the list was
 * read stays over.
 * @param build as the computer tells it: `19045.5965`, or `10.0.19045`
 */
export function judgeWindows(
  list: WindowsLifecycle | undefined,
  installed: { build: string | null; edition: string | null },
  now: number,
): WindowsVerdict {
  const build = buildOf(installed.build);
  if (list === undefined || build === null) return { status: 'unknown', name: null, ends: null };
  const isStale = windowsStaleSince(list, now) !== null;
  const edition = installed.edition === null ? null : windowsEdition(installed.edition);
  const ofBuild = list.releases.filter((r) => r.build === build);
  const rows = installed.edition === null ? ofBuild : ofBuild.filter((r) => r.edition === edition);
  const [first] = rows;
  if (first === undefined) return { status: isStale ? 'stale' : 'unknown-release', name: ofBuild[0]?.name ?? null, ends: null };
  const today = new Date(now).toISOString().slice(0, 10);
  const over = rows.filter((r) => r.ends < today);
  if (over.length > 0 && over.length < rows.length) return { status: 'unknown', name: first.name, ends: null };
  const ends =
    rows
      .map((r) => r.ends)
      .sort()
      .at(-1) ?? first.ends;
  if (over.length === 0) return { status: 'supported', name: first.name, ends };
  return { status: isStale && ends >= list.asOf ? 'stale' : 'ended', name: first.name, ends };
}

/** The number of the build line. */
function buildOf(text: string | null): number | null {
  const digits = text === null ? undefined : (/^(?:10\.0\.)?(\d{5,6})(?:\.\d{1,6})?$/.exec(text)?.[1] ?? undefined);
  return digits === undefined ? null : Number(digits);
}

const EDITIONS_OF: Readonly<Record<string, readonly WindowsEdition[]>> = {
  '': ['home-pro', 'enterprise'],
  w: ['home-pro'],
  e: ['enterprise'],
  lts: ['ltsc'],
  'e-lts': ['ltsc'],
  'iot-lts': ['iot-ltsc'],
};

const Cycle = z.object({
  cycle: z.string().max(64),
  latest: z.string().max(64),
  releaseDate: Day.nullish(),
  eol: z.union([Day, z.boolean()]),
});

/** The last days as endoflife.date gives them (`/api/windows.json`, MIT licence), which repeats Microsoft's pages: an array of cycles such as `11-24h2-w`. */
export const WindowsCycles = z.array(Cycle).min(1).max(1_000);

/** Our list made of that answer. What is older than Windows 10, has no day of its end or an unknown kind of edition is left out. */
export function windowsReleases(cycles: z.infer<typeof WindowsCycles>): WindowsRelease[] {
  const releases = cycles.flatMap(({ cycle, latest, releaseDate, eol }): WindowsRelease[] => {
    const name = /^(1[01])-(\d{4}|\d\dh\d)(?:-(w|e|lts|e-lts|iot-lts))?$/.exec(cycle);
    const build = buildOf(latest);
    if (name === null || build === null || typeof eol !== 'string') return [];
    const [, system, version = '', kind = ''] = name;
    return (EDITIONS_OF[kind] ?? []).map((edition) => ({
      build,
      name: `Windows ${system} ${version.toUpperCase()}`,
      edition,
      released: releaseDate ?? null,
      ends: eol,
    }));
  });
  return releases.sort((a, b) => a.build - b.build || WINDOWS_EDITIONS.indexOf(a.edition) - WINDOWS_EDITIONS.indexOf(b.edition));
}
