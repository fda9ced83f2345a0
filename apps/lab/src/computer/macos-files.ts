import {
  type DiskSpace,
  type FileEntry,
  type FileId,
  type FileStat,
  type Params,
  type PlistDict,
  ReadFailed,
  writePlist,
} from '@lockstep/agent/machine';
import { type BackupPart, backupPart } from './backup-folder.js';
import { type ComputerView, PERSON, RESTORE_ENDED_MS } from './condition.js';
import { knowsNewPhones, macVersion } from './macos-answers.js';

/** What a file, a folder or a disk of a Mac gives. */
export type MacFile = Uint8Array | FileStat | FileEntry[] | DiskSpace;

const plist = (value: PlistDict) => Buffer.from(writePlist(value));
const missing = (id: FileId): never => {
  throw new ReadFailed('missing', id);
};
const stat = (kind: 'file' | 'folder' | 'link', modifiedAt: number): FileStat => ({
  kind,
  bytes: 4_096,
  mode: kind === 'folder' ? 0o755 : 0o644,
  uid: PERSON.uid,
  gid: 20,
  modifiedAt,
});

/** What stands in a place of a Mac; undefined for one that this simulation does not know. Throws ReadFailed. */
export function macosFile(id: FileId, params: Params, view: ComputerView): MacFile | undefined {
  const { condition } = view;
  const { version, build } = macVersion(view.osVersion);
  switch (id) {
    case 'mac-system-version':
      return plist({ ProductName: 'macOS', ProductVersion: version, ProductBuildVersion: build });
    case 'mac-network-interfaces':
      return plist({ Interfaces: [{ 'BSD Name': 'en0', SCNetworkInterfaceType: 'IEEE80211', IOPathMatch: 'IOService:/arm-io/en0' }] });
    case 'mac-mobile-device':
      return plist({
        CFBundleVersion: knowsNewPhones(view) ? '1810.40.51' : '1368.100.2',
        CFBundleShortVersionString: '1.0',
      });
    case 'mac-configurator':
      return condition.mac.configurator === 'none' ? missing(id) : plist({ CFBundleShortVersionString: '2.18' });
    case 'mac-organisation-key':
      return condition.mac.organisation ? { ...stat('file', view.startedAt), mode: 0o600 } : missing(id);
    case 'mac-irecovery':
      return condition.openTools.includes('irecovery') ? stat('link', view.startedAt) : missing(id);
    case 'mac-irecovery-intel':
      return missing(id);
    case 'mac-configurator-tool':
      return condition.mac.configurator === 'none' ? missing(id) : stat('file', view.startedAt);
    case 'mac-update-preferences':
      return plist({
        AutomaticCheckEnabled: true,
        RecommendedUpdates: [],
        ...(condition.mac.catalogueUrl ? { CatalogURL: condition.mac.catalogueUrl } : {}),
      });
    case 'mac-install-history':
      return Buffer.from(writePlist(installed(view)));
    case 'mac-managed-global':
      return condition.mac.hidesByProfile ? plist({ 'ignore-devices': true }) : missing(id);
    case 'mac-global':
      return plist({ AppleLanguages: ['en-GB'], ...(condition.mac.hides ? { 'ignore-devices': true } : {}) });
    case 'mac-backups':
      return condition.backups === 'none'
        ? missing(id)
        : view.phones.flatMap((p) => (p.udid === null ? [] : [{ name: p.udid, ...stat('folder', view.startedAt) }]));
    case 'mac-backup-folder':
    case 'mac-backup-database':
    case 'mac-backup-status':
    case 'mac-backup-info':
    case 'mac-backup-manifest':
      return backupPart(id.slice('mac-backup-'.length) as BackupPart, params.udid, view, stat('file', 0)) ?? missing(id);
    case 'mac-restore-log':
      if (condition.restoreError !== null) return stat('file', view.now - RESTORE_ENDED_MS);
      return condition.restoring ? stat('file', view.now - 5_000) : missing(id);
    case 'mac-crashes':
    case 'mac-own-crashes':
      return condition.crashes.map(({ program, at }) => ({ name: `${program}-${stamp(at)}.ips`, ...stat('file', at) }));
    // On a Mac that nobody manages and nobody has changed these are not there.
    case 'mac-xcode':
    case 'mac-libimobiledevice':
    case 'mac-managed-update':
    case 'mac-managed-restrictions':
    case 'mac-managed-media':
    case 'mac-itunes-helper':
    case 'mac-discovery-agent':
    case 'mac-device-updater':
    case 'mac-managed-itunes-helper':
    case 'mac-managed-discovery-agent':
    case 'mac-managed-device-updater':
    case 'mac-device-history':
      return missing(id);
    default:
      return undefined;
  }
}

/** What was installed when: the system itself, and a package of support where somebody let it in. */
function installed({ condition, startedAt, osVersion }: ComputerView): PlistDict[] {
  const entry = (displayName: string, date: number, packageIdentifiers: string[]) => ({
    date: new Date(date),
    displayName,
    displayVersion: '',
    packageIdentifiers,
    processName: 'softwareupdated',
  });
  const { supportInstalledAt } = condition.mac;
  return [
    entry(`macOS ${macVersion(osVersion).version}`, startedAt - 30 * 86_400_000, []),
    ...(supportInstalledAt === null ? [] : [entry('MobileDeviceUpdate', supportInstalledAt, ['com.apple.pkg.MobileDeviceUpdate'])]),
  ];
}

/** `2026-11-24-091213`, as reports of crashes are named. */
function stamp(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
}
