import type { FileRow } from './files.js';

const BACKUPS = '{home}/Library/Application Support/MobileSync/Backup';
const MANAGED = '/Library/Managed Preferences';

const read = (bytes: number, ...paths: string[]) =>
  ({ paths: { macos: paths }, effect: 'read', privilege: 'user', bytes }) as const satisfies FileRow;
const look = (effect: 'stat' | 'list', ...paths: string[]) =>
  ({ paths: { macos: paths }, effect, privilege: 'user' }) as const satisfies FileRow;
const stat = (...paths: string[]) => ({ ...look('stat', ...paths), effect: 'stat' }) as const satisfies FileRow;
const list = (...paths: string[]) => ({ ...look('list', ...paths), effect: 'list' }) as const satisfies FileRow;
/** A person's preferences are a few KiB; a managed copy is smaller still. */
const preferences = (...paths: string[]) => read(262_144, ...paths);
/** What a profile says for one person goes before what it says for all. */
const managed = (domain: string) => preferences(`${MANAGED}/{account}/${domain}.plist`, `${MANAGED}/${domain}.plist`);

/** Files and folders that only Macs have. */
export const MACOS_FILES = {
  /** The system's name, version and build. */
  'mac-system-version': read(16_384, '/System/Library/CoreServices/SystemVersion.plist'),
  /** How each network interface is made. */
  'mac-network-interfaces': read(1_048_576, '/Library/Preferences/SystemConfiguration/NetworkInterfaces.plist'),
  /** The framework that talks to phones; a support package puts a newer one under /Library/Apple. */
  'mac-mobile-device': read(
    65_536,
    '/Library/Apple/System/Library/PrivateFrameworks/MobileDevice.framework/Versions/A/Resources/Info.plist',
    '/System/Library/PrivateFrameworks/MobileDevice.framework/Versions/A/Resources/Info.plist',
  ),
  'mac-configurator': read(
    65_536,
    '/Applications/Apple Configurator.app/Contents/Info.plist',
    '/Applications/Apple Configurator 2.app/Contents/Info.plist',
  ),
  'mac-configurator-tool': stat(
    '/Applications/Apple Configurator.app/Contents/MacOS/cfgutil',
    '/Applications/Apple Configurator 2.app/Contents/MacOS/cfgutil',
  ),
  /** The identity that supervises the company's phones, where IT gave it to this Mac: whether it is there and who may read it. */
  'mac-organisation-key': stat('/Library/Application Support/Lockstep/organisation/key.der'),
  /** Homebrew's tool for phones that show the cable picture. */
  'mac-irecovery': stat('/opt/homebrew/bin/irecovery'),
  'mac-irecovery-intel': stat('/usr/local/bin/irecovery'),
  'mac-xcode': read(65_536, '/Applications/Xcode.app/Contents/Info.plist'),
  /** Homebrew's versions of the open library are folders' names. */
  'mac-libimobiledevice': list('/opt/homebrew/Cellar/libimobiledevice', '/usr/local/Cellar/libimobiledevice'),
  /** Software Update's own notes, for everybody to read: what it found last, and where it looks. */
  'mac-update-preferences': read(1_048_576, '/Library/Preferences/com.apple.SoftwareUpdate.plist'),
  /** What was installed when, by name and package: for everybody to read. */
  'mac-install-history': read(4_194_304, '/Library/Receipts/InstallHistory.plist'),
  'mac-managed-update': preferences(`${MANAGED}/com.apple.SoftwareUpdate.plist`),
  /** Restrictions of the computer (Apple's device management schema, com.apple.applicationaccess). */
  'mac-managed-restrictions': preferences(`${MANAGED}/com.apple.applicationaccess.plist`),
  /** Rules for external media (com.apple.systemuiserver, mount-controls). */
  'mac-managed-media': preferences(`${MANAGED}/com.apple.systemuiserver.plist`),
  'mac-global': preferences('{home}/Library/Preferences/.GlobalPreferences.plist'),
  'mac-itunes-helper': preferences('{home}/Library/Preferences/com.apple.iTunesHelper.plist'),
  'mac-discovery-agent': preferences('{home}/Library/Preferences/com.apple.AMPDeviceDiscoveryAgent.plist'),
  'mac-device-updater': preferences('{home}/Library/Preferences/com.apple.MobileDeviceUpdater.plist'),
  'mac-managed-global': managed('.GlobalPreferences'),
  'mac-managed-itunes-helper': managed('com.apple.iTunesHelper'),
  'mac-managed-discovery-agent': managed('com.apple.AMPDeviceDiscoveryAgent'),
  'mac-managed-device-updater': managed('com.apple.MobileDeviceUpdater'),
  /** Every phone that this person's Finder or iTunes ever saw. It holds numbers of phones, which nobody reads out of it. */
  'mac-device-history': read(1_048_576, '{home}/Library/Preferences/com.apple.iPod.plist'),
  /** Backups: whether they ended, never what is in them. Reading needs Full Disk Access. */
  'mac-backups': list(BACKUPS),
  'mac-backup-folder': stat(`${BACKUPS}/{udid}`),
  'mac-backup-database': stat(`${BACKUPS}/{udid}/Manifest.db`),
  'mac-backup-status': read(65_536, `${BACKUPS}/{udid}/Status.plist`),
  /** Lists the apps of the phone too. */
  'mac-backup-info': read(16_777_216, `${BACKUPS}/{udid}/Info.plist`),
  'mac-backup-manifest': read(4_194_304, `${BACKUPS}/{udid}/Manifest.plist`),
  /** The log of the last restore by Finder. */
  'mac-restore-log': stat('{home}/Library/Logs/iPhone Updater Logs/iPhoneUpdater 1.log'),
  /** Reports of crashes, by name. */
  'mac-crashes': list('/Library/Logs/DiagnosticReports'),
  'mac-own-crashes': list('{home}/Library/Logs/DiagnosticReports'),
} as const satisfies Record<string, FileRow>;
