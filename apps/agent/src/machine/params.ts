import { normaliseUdid } from '@lockstep/core/health';

const OCTET = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = new RegExp(`^${OCTET}(\\.${OCTET}){3}$`);
const isIPv4 = (v: string) => IPV4.test(v);

/**
 * The only things that may stand in a command or a path beside what its table says. Each has its own check; a value that does not pass
 * is a mistake of this program and starts nothing. Values are found out on the computer itself (who is signed in, which device hangs on
 * the bus), never sent by a server.
 */
export const PARAMS = {
  /** A signed-in person's numeric user id. Never 0: nothing is looked up in, or started in, root's session. */
  uid: (v: string) => /^[1-9]\d{0,9}$/.test(v) && Number(v) < 4_294_967_295,
  /** A signed-in person's short name. */
  account: (v: string) => /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(v),
  /** In the one spelling this project uses, which usbmux and the pair record folders use too. */
  udid: (v: string) => normaliseUdid(v) === v,
  /** As cfgutil and irecovery take it: `0x` and up to 16 hex digits. */
  ecid: (v: string) => /^0x[0-9A-Fa-f]{1,16}$/.test(v),
  /** A Windows device instance id on the USB bus, such as `USB\VID_05AC&PID_12A8&MI_01\7&1A2B3C4D&0&0001`. */
  instance: (v: string) =>
    /^USB\\(VID_[0-9A-F]{4}&PID_[0-9A-F]{4}(&REV_[0-9A-F]{4})?(&MI_[0-9A-F]{2})?|ROOT_HUB[0-9A-Z]*)\\[0-9A-Za-z&._-]{1,64}$/i.test(v) &&
    v.length <= 160,
  /** logind's id of a session. */
  session: (v: string) => /^[A-Za-z0-9]{1,16}$/.test(v),
  /** A systemd unit's name. */
  unit: (v: string) => /^[A-Za-z0-9:_][A-Za-z0-9:_.@-]{0,120}\.(service|socket|timer)$/.test(v),
  /** A person's home folder: absolute, in its shortest form, no links upwards. POSIX, or Windows with a drive letter. */
  home: (v: string) =>
    v.length <= 255 &&
    (/^(\/[A-Za-z0-9 _.@-]+){1,6}$/.test(v) || /^[A-Z]:(\\[^\\/:*?"<>|\u0000-\u001f]+){1,6}$/.test(v)) &&
    !v.split(/[\\/]/).some((part) => part === '..' || part === '.'),
  /** A process of the computer. Never 0 or 1: nothing is asked of the kernel or of the first program. */
  pid: (v: string) => /^[1-9]\d{0,9}$/.test(v) && Number(v) > 1 && Number(v) <= 4_294_967_295,
  /** A driver package that somebody added to Windows, by the name it was published under. Drivers that Windows brings have other names. */
  inf: (v: string) => /^oem\d{1,5}\.inf$/i.test(v),
  /** Apple's driver where Windows keeps its packages: a folder that the system alone writes to. */
  storeInf: (v: string) =>
    /^C:\\Windows\\System32\\DriverStore\\FileRepository\\(appleusb|usbaapl64)\.inf_(amd64|arm64)_[0-9a-f]{16}\\\1\.inf$/i.test(v),
  /** What Windows Installer knows a program by: a GUID in braces (learn.microsoft.com, "ProductCode"). */
  product: (v: string) => /^\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$/.test(v),
  /** A folder of this agent on Windows, for what a tool of the system writes. */
  folder: (v: string) => v.length <= 200 && /^[A-Z]:(\\[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}){2,8}$/.test(v) && !/[ .](\\|$)/.test(v),
  /** Where usbipd-win finds a device: bus and port. */
  busid: (v: string) => /^\d{1,3}-\d{1,3}$/.test(v),
  /** Which way a rule of Windows' port proxy forwards. */
  proxy: (v: string) => v === 'v4tov4' || v === 'v4tov6',
  /** An address such a rule listens at: IPv4, or this computer by name. */
  listen: (v: string) => isIPv4(v) || v === 'localhost',
  /** Where such a rule forwards to: an address or a name. */
  target: (v: string) => /^[A-Za-z0-9:]([A-Za-z0-9:.-]{0,252}[A-Za-z0-9])?$/.test(v),
  port: (v: string) => /^[1-9]\d{0,4}$/.test(v) && Number(v) <= 65_535,
  /** A choice of a Windows power setting that has two: 0 is off, 1 is on. */
  onOff: (v: string) => v === '0' || v === '1',
  /** How a Windows service starts, in the words of `sc config`. `disabled` is none of them: nothing here switches a service off. */
  startMode: (v: string) => v === 'auto' || v === 'delayed-auto' || v === 'demand',
  /** A zone of firewalld. */
  zone: (v: string) => /^[A-Za-z][A-Za-z0-9_-]{0,16}$/.test(v),
  /** A network interface of Linux (dev_valid_name allows more; these are all that anybody uses). */
  iface: (v: string) => /^[A-Za-z][A-Za-z0-9_.-]{0,14}$/.test(v),
  /** Windows' number of a network interface. */
  ifindex: (v: string) => /^[1-9]\d{0,8}$/.test(v),
  /** What an interface of Windows costs: more than this is of no use beside others. */
  metric: (v: string) => /^[1-9]\d{0,3}$/.test(v),
} as const satisfies Record<string, (value: string) => boolean>;

export type ParamId = keyof typeof PARAMS;

/** Values for the open places of a row. */
export type Params = Readonly<Partial<Record<ParamId, string>>>;

/** A row was asked for with a parameter that it does not have, without one that it has, or with one that does not pass its check. */
export class BadParam extends Error {
  constructor(
    readonly row: string,
    readonly param: string,
  ) {
    super(`${row}: ${param} is not a parameter it can take`);
    this.name = 'BadParam';
  }
}

/** The values of exactly the wanted parameters, checked. Throws {@link BadParam}, never naming the value. */
export function checkedParams(row: string, wanted: readonly ParamId[], given: Params = {}): (id: ParamId) => string {
  for (const id of Object.keys(given) as ParamId[]) if (!wanted.includes(id)) throw new BadParam(row, id);
  for (const id of wanted) {
    const value = given[id];
    if (value === undefined || !PARAMS[id](value)) throw new BadParam(row, id);
  }
  return (id) => {
    const value = given[id];
    if (value === undefined) throw new BadParam(row, id);
    return value;
  };
}
