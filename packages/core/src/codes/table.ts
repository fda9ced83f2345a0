import { LOCKDOWN_ENTRIES } from './lockdown.js';
import { MOBILE_DEVICE_ENTRIES } from './mobile-device.js';
import { isWide, numberText, rangeText } from './numbers.js';
import { RESTORE_ENTRIES } from './restore.js';
import { BACKUP_ENTRIES, CFGUTIL_ENTRIES, USBMUX_ENTRIES } from './services.js';
import type { CodeEntry, CodeFamily, CodeRow } from './shapes.js';
import { INSTALLER_ENTRIES, WINDOWS_ENTRIES } from './windows.js';

const rows = (family: CodeFamily, entries: Readonly<Record<string, CodeEntry>>): CodeRow[] =>
  Object.entries(entries).map(([key, entry]) => ({ ...entry, id: `${family}/${key}`, family, twin: null }));

const lockdown: CodeRow[] = Object.entries(LOCKDOWN_ENTRIES).map(([key, { twinName: _, ...entry }]) => ({
  ...entry,
  id: `lockdown/${key}`,
  family: 'lockdown',
}));

/** The same errors as the MobileDevice framework numbers them. */
const twins: CodeRow[] = Object.entries(LOCKDOWN_ENTRIES).flatMap(([key, { twin, twinName, numbers, ...entry }]) =>
  twin === null
    ? []
    : [
        {
          ...entry,
          id: `mobile-device/${key}`,
          family: 'mobile-device',
          numbers: [twin],
          names: [twinName],
          twin: numbers.find((n) => typeof n === 'number') ?? null,
          source: 'errors.h',
        },
      ],
);

const byNumber = (a: CodeRow, b: CodeRow) => firstNumber(a) - firstNumber(b);
const firstNumber = ({ numbers: [n = 0] }: CodeRow) => (typeof n === 'number' ? n : n[0]);

/** Every code this system can explain, family by family in the order of `CODE_FAMILIES`. */
export const CODES: readonly CodeRow[] = [
  ...lockdown.sort((a, b) => byNumber(b, a)),
  ...[...twins, ...rows('mobile-device', MOBILE_DEVICE_ENTRIES)].sort(byNumber),
  ...rows('usbmux', USBMUX_ENTRIES),
  ...rows('restore', RESTORE_ENTRIES),
  ...rows('backup', BACKUP_ENTRIES),
  ...rows('cfgutil', CFGUTIL_ENTRIES),
  ...rows('windows-pnp', WINDOWS_ENTRIES),
  ...rows('installer', INSTALLER_ENTRIES),
];

/** How a row's numbers are shown: `-21`, `0xE800001C`, `9, 4005, 4013, 4014`; what is over `most` of them is left out with `…`. */
export function codeNumbers({ numbers }: CodeRow, most = Number.POSITIVE_INFINITY): string {
  const shown = numbers.slice(0, most).map(rangeText).join(', ');
  return numbers.length > most ? `${shown}, …` : shown;
}

/**
 * What to type to get to this row before any other: its name, or a number as its family is asked for: the one that is meant, or its first.
 */
export function codeQuery(row: CodeRow, number: number | null = null): string {
  const [name] = row.names;
  if (name !== undefined && row.family !== 'usbmux' && row.family !== 'cfgutil') return name;
  const n = number ?? firstNumber(row);
  if (isWide(n)) return numberText(n);
  return row.family === 'restore' ? `restore error ${n}` : `${row.family} ${n}`;
}
