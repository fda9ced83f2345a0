import type { CommandRow } from './row.js';
import { asked, POWERSHELL } from './windows.js';
import { WINDOWS_DRIVERS, WINDOWS_PORT_PROXY, WINDOWS_SERVICE, WINDOWS_STORE_APP, WINDOWS_STORE_APP_START } from './windows-fix-scripts.js';

const SYSTEM32 = 'C:\\Windows\\System32\\';
/** Windows' own tool for devices and drivers; restarting and switching devices came with Windows 10 2004 (learn.microsoft.com, "PnPUtil Command Syntax"). */
const PNPUTIL = [`${SYSTEM32}pnputil.exe`] as const;
const SC = [`${SYSTEM32}sc.exe`] as const;
const NETSH = [`${SYSTEM32}netsh.exe`] as const;
const POWERCFG = [`${SYSTEM32}powercfg.exe`] as const;
const SERVICE = 'Apple Mobile Device Service';
/** The plan in use, its subgroup "USB settings" and the setting "USB selective suspend" (learn.microsoft.com, "Power settings"). */
const SUSPEND = ['SCHEME_CURRENT', '2a737441-1930-4402-8d77-b2bebba308a3', '48e6b7a6-50f5-4782-a5d4-53bb8f07e226'] as const;
/** Installing a driver on a device takes some seconds; a virus scanner that looks at each file may treble it. */
const DRIVER_MS = 60_000;

const acts = { os: 'windows', privilege: 'admin', effect: 'acts', parse: null } as const;
const reads = { os: 'windows', privilege: 'admin', effect: 'reads', parse: null } as const;

/** What fixes of cable, driver and multiplexer run on Windows. */
export const WINDOWS_FIX_COMMANDS = {
  'windows-service': { ...reads, programs: POWERSHELL, args: asked(WINDOWS_SERVICE), deadlineMs: 15_000, costly: true },
  'windows-drivers': { ...reads, programs: POWERSHELL, args: asked(WINDOWS_DRIVERS), deadlineMs: 20_000, costly: true },
  'windows-port-proxy': { ...reads, programs: POWERSHELL, args: asked(WINDOWS_PORT_PROXY), deadlineMs: 15_000, costly: true },
  'windows-store-app': { ...reads, programs: POWERSHELL, args: asked(WINDOWS_STORE_APP), deadlineMs: 20_000, costly: true },
  'store-app-start': { ...acts, programs: POWERSHELL, args: asked(WINDOWS_STORE_APP_START), deadlineMs: 25_000 },
  /** Takes a device off its driver and back, as unplugging does. */
  'device-restart': { ...acts, programs: PNPUTIL, args: ['/restart-device', { param: 'instance' }], deadlineMs: 20_000 },
  'device-disable': { ...acts, programs: PNPUTIL, args: ['/disable-device', { param: 'instance' }], deadlineMs: 20_000 },
  'device-enable': { ...acts, programs: PNPUTIL, args: ['/enable-device', { param: 'instance' }], deadlineMs: 20_000 },
  'device-scan': { ...acts, programs: PNPUTIL, args: ['/scan-devices'], deadlineMs: 30_000 },
  'driver-export': { ...acts, programs: PNPUTIL, args: ['/export-driver', { param: 'inf' }, { param: 'folder' }], deadlineMs: DRIVER_MS },
  /** One package, never with `/force`: devices that use it get the next best driver of the store. */
  'driver-delete': { ...acts, programs: PNPUTIL, args: ['/delete-driver', { param: 'inf' }, '/uninstall'], deadlineMs: DRIVER_MS },
  'driver-add': { ...acts, programs: PNPUTIL, args: ['/add-driver', { param: 'storeInf' }, '/install'], deadlineMs: DRIVER_MS },
  'driver-restore': {
    ...acts,
    programs: PNPUTIL,
    args: ['/add-driver', { param: 'folder', after: '\\*.inf' }, '/install'],
    deadlineMs: DRIVER_MS,
  },
  /** The values on mains and on battery stand in its last two numbers, which no language changes. */
  'suspend-query': { ...reads, programs: POWERCFG, args: ['/q', ...SUSPEND], deadlineMs: 8_000 },
  'suspend-on-mains': { ...acts, programs: POWERCFG, args: ['/setacvalueindex', ...SUSPEND, { param: 'onOff' }], deadlineMs: 8_000 },
  'suspend-on-battery': { ...acts, programs: POWERCFG, args: ['/setdcvalueindex', ...SUSPEND, { param: 'onOff' }], deadlineMs: 8_000 },
  /** Values of a plan take effect when it is chosen anew. */
  'suspend-apply': { ...acts, programs: POWERCFG, args: ['/setactive', 'SCHEME_CURRENT'], deadlineMs: 8_000 },
  'service-start': { ...acts, programs: SC, args: ['start', SERVICE], deadlineMs: 15_000 },
  /** Asks it to stop and does not wait for it. */
  'service-stop': { ...acts, programs: SC, args: ['stop', SERVICE], deadlineMs: 15_000 },
  'service-mode': { ...acts, programs: SC, args: ['config', SERVICE, 'start=', { param: 'startMode' }], deadlineMs: 15_000 },
  'process-end': { ...acts, programs: [`${SYSTEM32}taskkill.exe`], args: ['/F', '/PID', { param: 'pid' }], deadlineMs: 10_000 },
  'port-proxy-delete': {
    ...acts,
    programs: NETSH,
    args: ['interface', 'portproxy', 'delete', { param: 'proxy' }, 'listenport=27015', { param: 'listen', before: 'listenaddress=' }],
    deadlineMs: 10_000,
  },
  /** A rule that names no address listens at all of them. */
  'port-proxy-delete-any': {
    ...acts,
    programs: NETSH,
    args: ['interface', 'portproxy', 'delete', { param: 'proxy' }, 'listenport=27015'],
    deadlineMs: 10_000,
  },
  'port-proxy-add': {
    ...acts,
    programs: NETSH,
    args: [
      'interface',
      'portproxy',
      'add',
      { param: 'proxy' },
      'listenport=27015',
      { param: 'listen', before: 'listenaddress=' },
      { param: 'target', before: 'connectaddress=' },
      { param: 'port', before: 'connectport=' },
    ],
    deadlineMs: 10_000,
  },
  'port-proxy-add-any': {
    ...acts,
    programs: NETSH,
    args: [
      'interface',
      'portproxy',
      'add',
      { param: 'proxy' },
      'listenport=27015',
      { param: 'target', before: 'connectaddress=' },
      { param: 'port', before: 'connectport=' },
    ],
    deadlineMs: 10_000,
  },
  /** Every device that usbipd-win knows, as JSON (usbipd-win, "usbipd state"). */
  'usbipd-state': { ...reads, programs: ['C:\\Program Files\\usbipd-win\\usbipd.exe'], args: ['state'], deadlineMs: 10_000 },
  'usbipd-detach': {
    ...acts,
    programs: ['C:\\Program Files\\usbipd-win\\usbipd.exe'],
    args: ['detach', '--busid', { param: 'busid' }],
    deadlineMs: 15_000,
  },
} as const satisfies Record<string, CommandRow>;
