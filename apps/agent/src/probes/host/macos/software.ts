import type { Reading } from '@lockstep/core/health';
import {
  type DeviceLog,
  isDict,
  type Machine,
  type PlistValue,
  plistOf,
  ReadFailed,
  readDeviceLog,
  readUnifiedLog,
  type SystemFileId,
  truth,
  words,
} from '../../../machine/index.js';
import { draft, type Row } from '../../probe.js';
import { personInFront, type Settings, settingsOf } from './person.js';

type Item = Reading<'apple-software'>['items'][number];

/** Versions out of the programs' own Info.plist. */
const PROGRAMS: readonly (readonly [SystemFileId, Item['id'], 'CFBundleVersion' | 'CFBundleShortVersionString'])[] = [
  // The number that a phone's demand is compared with is the framework's bundle version.
  ['mac-mobile-device', 'mobile-device-framework', 'CFBundleVersion'],
  ['mac-configurator', 'configurator', 'CFBundleShortVersionString'],
  ['mac-xcode', 'xcode', 'CFBundleShortVersionString'],
];

export const appleSoftwareRow: Row = {
  asks: ['mac-mobile-device', 'mac-configurator', 'mac-xcode', 'mac-libimobiledevice'],
  privilege: 'user',
  async ask({ machine }) {
    let whole = true;
    const items: Item[] = [];
    for (const [file, id, key] of PROGRAMS) {
      const info = await settingsOf(machine, file);
      if (info.read) items.push({ id, version: versionIn(words(info.values[key])), bits: 64 });
      else if (info.reason !== 'missing') whole = false;
    }
    const brewed = await brewedVersion(machine);
    if (brewed === 'unknown') whole = false;
    else if (brewed !== null) items.push({ id: 'libimobiledevice', version: brewed, bits: 64 });
    return [draft.seen('apple-software', 'host', { items, driver: null, whole })];
  },
};

function versionIn(raw: string | null): string | null {
  return raw !== null && /^\d[\w.]{0,40}$/.test(raw) ? raw : null;
}

/** Homebrew names a folder after each version; the newest by number counts. */
async function brewedVersion(machine: Machine): Promise<string | null | 'unknown'> {
  try {
    const versions = (await machine.list('mac-libimobiledevice'))
      .filter((e) => e.kind === 'folder')
      .flatMap((e) => versionIn(e.name) ?? []);
    return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) ?? null;
  } catch (e) {
    if (e instanceof ReadFailed) return e.reason === 'missing' ? null : 'unknown';
    throw e;
  }
}

/** Restrictions that put updates off (Apple's device management schema, com.apple.applicationaccess and com.apple.SoftwareUpdate). */
const DEFERRALS = ['forceDelayedSoftwareUpdates', 'forceDelayedAppSoftwareUpdates'] as const;
const SWITCHED_OFF = ['AutomaticCheckEnabled', 'ConfigDataInstall', 'CriticalUpdateInstall'] as const;

/** The package of support for newer phones: whether Software Update found it, and what keeps it away. */
export const deviceSupportRow: Row = {
  asks: [
    'mac-update-preferences',
    'mac-managed-update',
    'mac-managed-restrictions',
    'ioreg-root',
    'account-of',
    'mac-device-updater',
    'mac-managed-device-updater',
    'mac-install-history',
    'log-devices',
  ],
  privilege: 'admin',
  async ask({ machine }, signal) {
    const [own, managed, restrictions, person, history, log] = await Promise.all([
      settingsOf(machine, 'mac-update-preferences'),
      settingsOf(machine, 'mac-managed-update'),
      settingsOf(machine, 'mac-managed-restrictions'),
      personInFront(machine, signal),
      listOf(machine, 'mac-install-history'),
      machine.run('log-devices', signal).then(readUnifiedLog),
    ]);
    if (!own.read && own.reason !== 'missing') return [draft.failed('device-support', 'host', own.reason)];
    const blockedBy: string[] = [];
    for (const [settings, where] of [
      [own, ''],
      [managed, ' (managed)'],
    ] as const)
      if (settings.read) {
        if (words(settings.values.CatalogURL) !== null) blockedBy.push(`CatalogURL${where}`);
        blockedBy.push(...SWITCHED_OFF.filter((key) => truth(settings.values[key]) === false).map((key) => `${key}${where}`));
      }
    if (restrictions.read)
      blockedBy.push(...DEFERRALS.filter((key) => truth(restrictions.values[key]) === true).map((key) => `${key} (managed)`));
    if (person.there) {
      const { account, home } = person;
      const updaters = [
        [await settingsOf(machine, 'mac-device-updater', { home }), ''],
        [await settingsOf(machine, 'mac-managed-device-updater', { account }), ' (managed)'],
      ] as const;
      for (const [settings, where] of updaters)
        if (settings.read && truth(settings.values.Disabled) === true) blockedBy.push(`com.apple.MobileDeviceUpdater Disabled${where}`);
    }
    return [
      draft.seen('device-support', 'host', {
        required: log.read ? requiredBy(readDeviceLog(log.entries), supportInstalledAt(history)) : null,
        offered: offeredIn(own),
        blockedBy: blockedBy.slice(0, 16),
      }),
    ];
  },
};

/**
 * Whether a phone wants newer support than this Mac has: one of Apple's programs refused it for that, and no support was installed since. It
 * does not where support was, or where a phone came and none of them refused it so. Without either nothing is known.
 */
export function requiredBy({ sawPhone, tooNewAt }: Pick<DeviceLog, 'sawPhone' | 'tooNewAt'>, installedAt: number | null): boolean | null {
  if (tooNewAt !== null) return installedAt === null || installedAt <= tooNewAt;
  return sawPhone.size > 0 ? false : null;
}

/** A property list with an array at its root; empty where there is none to read. */
async function listOf(machine: Machine, id: SystemFileId): Promise<PlistValue[]> {
  try {
    const root = plistOf(await machine.readBytes(id));
    return Array.isArray(root) ? root : [];
  } catch (e) {
    if (e instanceof ReadFailed) return [];
    throw e;
  }
}

/** When support for phones was installed last, by the names of its packages (com.apple.pkg.MobileDevice…); null when it never was. */
function supportInstalledAt(history: readonly PlistValue[]): number | null {
  const times = history.flatMap((entry) => {
    if (!isDict(entry) || !Array.isArray(entry.packageIdentifiers) || !(entry.date instanceof Date)) return [];
    const ours = entry.packageIdentifiers.some((p) => /^com\.apple\.pkg\.MobileDevice/.test(words(p) ?? ''));
    return ours && Number.isFinite(entry.date.getTime()) ? [entry.date.getTime()] : [];
  });
  return times.length > 0 ? Math.max(...times) : null;
}

/** Whether Software Update's own list of what it found last names the package; null where it keeps no list. */
function offeredIn(own: Settings): boolean | null {
  const found = own.read ? own.values.RecommendedUpdates : undefined;
  if (!Array.isArray(found)) return null;
  return found.some(
    (u) => isDict(u) && /MobileDevice|DeviceSupport/i.test(`${words(u.Identifier) ?? ''} ${words(u['Product Key']) ?? ''}`),
  );
}
