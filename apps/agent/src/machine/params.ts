import { normaliseUdid } from '@lockstep/core/health';

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
