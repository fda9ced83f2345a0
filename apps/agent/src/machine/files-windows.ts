import type { FileRow } from './files.js';

/** Where Apple's installer and where its Store apps keep backups (support.apple.com/108809). */
const CLASSIC = '{home}\\AppData\\Roaming\\Apple Computer\\MobileSync\\Backup';
const STORE = '{home}\\Apple\\MobileSync\\Backup';
const STORE_DATA = '{home}\\AppData\\Local\\Packages\\AppleInc.AppleDevices_nzyj5cx40ttqa\\LocalCache';

const of = <E extends FileRow['effect']>(effect: E, bytes: number | undefined, ...paths: readonly string[]) =>
  ({ paths: { windows: paths }, effect, privilege: 'user', ...(bytes === undefined ? {} : { bytes }) }) as const;
const read = (bytes: number, ...paths: readonly string[]) => of('read', bytes, ...paths);
const stat = (...paths: readonly string[]) => of('stat', undefined, ...paths);
const list = (...paths: readonly string[]) => of('list', undefined, ...paths);

/** Files and folders of Windows that the agent looks at, beside those that all systems have. */
export const WINDOWS_FILES = {
  /** The registry's own folder: administrators alone may list it. Whether that works says what rights the agent has. */
  'win-registry-folder': { ...list('C:\\Windows\\System32\\config'), privilege: 'admin' },
  /** Backups: whether they ended, never what is in them. */
  'win-backups': list(CLASSIC),
  'win-backup-folder': stat(`${CLASSIC}\\{udid}`),
  'win-backup-database': stat(`${CLASSIC}\\{udid}\\Manifest.db`),
  'win-backup-status': read(65_536, `${CLASSIC}\\{udid}\\Status.plist`),
  /** Lists the apps of the phone too. */
  'win-backup-info': read(16_777_216, `${CLASSIC}\\{udid}\\Info.plist`),
  'win-backup-manifest': read(4_194_304, `${CLASSIC}\\{udid}\\Manifest.plist`),
  'win-store-backups': list(STORE),
  'win-store-backup-folder': stat(`${STORE}\\{udid}`),
  'win-store-backup-database': stat(`${STORE}\\{udid}\\Manifest.db`),
  'win-store-backup-status': read(65_536, `${STORE}\\{udid}\\Status.plist`),
  'win-store-backup-info': read(16_777_216, `${STORE}\\{udid}\\Info.plist`),
  'win-store-backup-manifest': read(4_194_304, `${STORE}\\{udid}\\Manifest.plist`),
  /** iTunes' and Apple Devices' own history of phones; the first that exists. */
  'win-device-history': read(
    1_048_576,
    '{home}\\AppData\\Local\\Apple Computer\\iTunes\\iPodDevices.xml',
    '{home}\\AppData\\Roaming\\Apple Computer\\iTunes\\iPodDevices.xml',
    `${STORE_DATA}\\Local\\Apple Computer\\iTunes\\iPodDevices.xml`,
    `${STORE_DATA}\\Roaming\\Apple Computer\\iTunes\\iPodDevices.xml`,
  ),
} as const satisfies Record<string, FileRow>;
