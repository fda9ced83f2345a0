import type { FailReason, Reading } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { failedEnd } from './journal.js';

type Item = Reading<'apple-software'>['items'][number];

export type Packages = { read: true; items: Item[] } | { read: false; reason: FailReason };

/** Distributions call the library by its soname or plainly. */
function idOf(name: string): Item['id'] | null {
  if (name === 'usbmuxd') return 'usbmuxd';
  return /^libimobiledevice(-1\.0-)?\d*(t64)?(:\w+)?$/.test(name) ? 'libimobiledevice' : null;
}

/** A package's version without epoch and revision: `1:1.1.1-2+deb12u1` is 1.1.1. */
function upstream(version: string): string {
  return version
    .replace(/^\d+:/, '')
    .replace(/-[^-]*$/, '')
    .slice(0, 64);
}

function collect(ran: Ran, line: RegExp, unknown: RegExp): { items: Item[]; bad: number } {
  const items = new Map<string, Item>();
  let bad = 0;
  for (const { line: text, whole } of linesOf(ran.stdout)) {
    if (text.trim() === '') continue;
    const m = line.exec(text);
    if (!m?.[1]) {
      // What is known of but not installed is no trouble.
      if (whole && !unknown.test(text)) bad++;
      continue;
    }
    const id = idOf(m[1]);
    if (id !== null && m[2]) items.set(id, { id, version: upstream(m[2]), bits: null });
  }
  return { items: [...items.values()], bad };
}

/** Reads `dpkg-query -W` with tabs between name, version and status. It ends with 1 when one of the names is unknown, and lists the others. */
export function readDpkg(ran: Ran): Packages {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const { items, bad } = collect(ran, /^([^\t]+)\t([^\t]+)\tinstalled$/, /^[^\t]+\t[^\t]*\t[a-z-]+$/);
  if (bad > items.length || !(ran.exit === 0 || (ran.exit === 1 && /no packages found/.test(ran.stderr))))
    return { read: false, reason: 'garbage' };
  return { read: true, items };
}

const NOT_INSTALLED = /^package \S+ is not installed$/m;

/** Reads `rpm -q`: unknown packages are told as `package NAME is not installed` and counted in its exit code. */
export function readRpm(ran: Ran): Packages {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const { items, bad } = collect(ran, /^([^\t]+)\t(\S+)$/, NOT_INSTALLED);
  if (bad > items.length || (ran.exit !== 0 && !NOT_INSTALLED.test(ran.stdout))) return { read: false, reason: 'garbage' };
  return { read: true, items };
}

/** Reads `pacman -Q`: `name version`; unknown packages are told on stderr, with exit 1. */
export function readPacman(ran: Ran): Packages {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const { items, bad } = collect(ran, /^(\S+) (\S+)$/, /^$/);
  if (bad > items.length || !(ran.exit === 0 || (ran.exit === 1 && /was not found/.test(ran.stderr))))
    return { read: false, reason: 'garbage' };
  return { read: true, items };
}

/** Reads `usbmuxd --version`: `usbmuxd 1.1.1`. */
export function readUsbmuxdVersion(ran: Ran): Packages {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const version = /^usbmuxd (\d[\w.-]{0,60})$/m.exec(ran.stdout)?.[1];
  if (ran.exit !== 0 || version === undefined) return { read: false, reason: 'garbage' };
  return { read: true, items: [{ id: 'usbmuxd', version, bits: null }] };
}

const factOf = (packages: Packages, whole: boolean): DraftFact[] =>
  packages.read
    ? [{ kind: 'apple-software', subject: 'host', state: 'seen', reading: { items: packages.items, driver: null, whole } }]
    : [{ kind: 'apple-software', subject: 'host', state: 'failed', reason: packages.reason }];

export const parseDpkg = (ran: Ran): DraftFact[] => factOf(readDpkg(ran), true);
export const parseRpm = (ran: Ran): DraftFact[] => factOf(readRpm(ran), true);
export const parsePacman = (ran: Ran): DraftFact[] => factOf(readPacman(ran), true);
/** A program on the disk says nothing of what else is installed. */
export const parseUsbmuxdVersion = (ran: Ran): DraftFact[] => factOf(readUsbmuxdVersion(ran), false);
