import { MACOS_FILES } from './files-macos.js';
import { WINDOWS_FILES } from './files-windows.js';
import type { ParamId } from './params.js';
import type { Os } from './port.js';

/**
 * One file or folder outside the device tree that the agent looks at. `read` gives the contents, at most `bytes` of them; `stat` and
 * `list` give owner, mode, size and times and never a content; `space` gives the room on its disk. So what is `stat` or `list` here
 * cannot be read by any probe, whatever it asks for: that is how the contents of pair records stay where they are.
 */
export interface FileRow {
  /**
   * By system, the first path that exists. `{uid}`, `{home}`, `{udid}` … stand for checked parameters (params.ts), which hold no path
   * separators of their own but for a home folder's.
   */
  paths: Partial<Record<Os, readonly string[]>>;
  effect: 'read' | 'stat' | 'list' | 'space';
  privilege: 'user' | 'admin';
  /** The most that is read, bytes. */
  bytes?: number;
  /** The most entries that a list gives; 1024 when left out. */
  entries?: number;
}

/** Every file and folder of the system that the agent looks at. Nothing is ever written through this table. */
export const FILES = {
  /** freedesktop os-release(5). */
  'os-release': { paths: { linux: ['/etc/os-release', '/usr/lib/os-release'] }, effect: 'read', privilege: 'user' },
  /** The kernel's IPv4 routes (proc(5)). */
  'routes-4': { paths: { linux: ['/proc/net/route'] }, effect: 'read', privilege: 'user' },
  /** The kernel's IPv6 routes. */
  'routes-6': { paths: { linux: ['/proc/net/ipv6_route'] }, effect: 'read', privilege: 'user' },
  /** Names that go before DNS (hosts(5)). Block lists of many thousand lines are common: 1 MiB. */
  hosts: {
    paths: { linux: ['/etc/hosts'], macos: ['/etc/hosts'], windows: ['C:\\Windows\\System32\\drivers\\etc\\hosts'] },
    effect: 'read',
    privilege: 'user',
    bytes: 1_048_576,
  },
  /** The processes of usbmuxd's unit, one number a line (cgroups(7)): of the unified tree, and of the one before it. */
  'mux-processes': {
    paths: {
      linux: [
        '/sys/fs/cgroup/system.slice/usbmuxd.service/cgroup.procs',
        '/sys/fs/cgroup/systemd/system.slice/usbmuxd.service/cgroup.procs',
      ],
    },
    effect: 'read',
    privilege: 'user',
  },
  /** The folder of pair records (usbmuxd conf.c): names, owners, sizes and times. Never their contents: they hold private keys. */
  'record-folder': {
    paths: { linux: ['/var/lib/lockdown'], macos: ['/var/db/lockdown'], windows: ['C:\\ProgramData\\Apple\\Lockdown'] },
    effect: 'stat',
    privilege: 'user',
  },
  'record-file': {
    paths: {
      linux: ['/var/lib/lockdown/{udid}.plist'],
      macos: ['/var/db/lockdown/{udid}.plist'],
      windows: ['C:\\ProgramData\\Apple\\Lockdown\\{udid}.plist'],
    },
    effect: 'stat',
    privilege: 'admin',
  },
  'record-files': {
    paths: { linux: ['/var/lib/lockdown'], macos: ['/var/db/lockdown'], windows: ['C:\\ProgramData\\Apple\\Lockdown'] },
    effect: 'list',
    privilege: 'admin',
  },
  'record-space': {
    paths: { linux: ['/var/lib/lockdown'], macos: ['/var/db/lockdown'], windows: ['C:\\ProgramData\\Apple\\Lockdown'] },
    effect: 'space',
    privilege: 'user',
  },
  /** Debian's and Ubuntu's note that packages want a restart, and the hooks that would have written it. */
  'restart-note': { paths: { linux: ['/run/reboot-required', '/var/run/reboot-required'] }, effect: 'stat', privilege: 'user' },
  'restart-packages': {
    paths: { linux: ['/run/reboot-required.pkgs', '/var/run/reboot-required.pkgs'] },
    effect: 'read',
    privilege: 'user',
  },
  'restart-hook': {
    paths: {
      linux: [
        '/usr/share/update-notifier/notify-reboot-required',
        '/etc/kernel/postinst.d/unattended-upgrades',
        '/etc/kernel/postinst.d/update-notifier',
      ],
    },
    effect: 'stat',
    privilege: 'user',
  },
  /** The running kernel's release (uname -r). */
  'kernel-release': { paths: { linux: ['/proc/sys/kernel/osrelease'] }, effect: 'read', privilege: 'user' },
  /** What is mounted where, and how (proc(5)). */
  mounts: { paths: { linux: ['/proc/self/mounts'] }, effect: 'read', privilege: 'user', bytes: 262_144 },
  /** Accounts by name and number (passwd(5)); no passwords stand in it. */
  accounts: { paths: { linux: ['/etc/passwd'] }, effect: 'read', privilege: 'user', bytes: 262_144 },
  /** The disk that people's files are on. */
  'home-space': { paths: { linux: ['/home', '/'], macos: ['/Users'], windows: ['C:\\Users'] }, effect: 'space', privilege: 'user' },
  ...MACOS_FILES,
  ...WINDOWS_FILES,
} as const satisfies Record<string, FileRow>;

export type FileId = keyof typeof FILES;
type WithEffect<E extends FileRow['effect']> = { [I in FileId]: (typeof FILES)[I]['effect'] extends E ? I : never }[FileId];
/** Files whose contents are read. */
export type SystemFileId = WithEffect<'read'>;
export type StatId = WithEffect<'stat'>;
export type ListId = WithEffect<'list'>;
export type SpaceId = WithEffect<'space'>;

/** Longest part of a file that is read when its row says nothing: routing tables of routers aside, all are a few KiB. */
export const SYSTEM_FILE_BYTES = 65_536;
/** Most entries of a folder. */
export const LIST_ENTRIES = 1_024;

export function fileRow(id: FileId): FileRow {
  return FILES[id];
}

/** The parameters a row has, each once. */
export function fileParamsOf(row: FileRow): ParamId[] {
  const paths = Object.values(row.paths).flat();
  return [...new Set(paths.flatMap((p) => [...p.matchAll(/\{([a-z]+)\}/g)].map((m) => m[1] as ParamId)))];
}

/** What the system says of a file or folder without opening it. */
export interface FileStat {
  kind: 'file' | 'folder' | 'socket' | 'link' | 'other';
  bytes: number;
  /** Permission bits, such as 0o755. */
  mode: number;
  uid: number;
  gid: number;
  /** When its contents were written, ms since 1970. */
  modifiedAt: number;
}

/** One entry of a folder. */
export interface FileEntry extends FileStat {
  name: string;
}

/** The room on a disk. */
export interface DiskSpace {
  freeBytes: number;
  totalBytes: number;
}
