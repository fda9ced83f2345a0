import type { PlistValue } from '../machine/index.js';
import { DeviceError } from './errors.js';
import type { LockdownCallOptions, LockdownClient } from './lockdown-client.js';

/** What a key holds: text, a finite number, a whole number from 0 to 2^53 - 1, or a flag. */
type Kind = 'text' | 'number' | 'count' | 'flag';
interface KindOf {
  text: string;
  number: number;
  count: number;
  flag: boolean;
}

interface DomainRow {
  /** lockdownd's name; null is the general domain. */
  domain: string | null;
  /** Keys outside a session answer GetProhibited. */
  needs: 'nothing' | 'session';
  keys: Record<string, Kind>;
}

/**
 * Everything that this program ever reads from lockdownd's domains, key by key: whole domains also hold phone numbers, IMEI, addresses.
 * Names from libimobiledevice (ideviceinfo.c), pymobiledevice3 (lockdown.py) and go-ios.
 */
export const DOMAINS = {
  /** Given to anybody. */
  general: {
    domain: null,
    needs: 'nothing',
    keys: {
      DeviceName: 'text',
      ProductType: 'text',
      ProductVersion: 'text',
      BuildVersion: 'text',
      DeviceClass: 'text',
      HardwareModel: 'text',
    },
  },
  /** What the phone asks of the computer's software. */
  requirements: { domain: 'com.apple.mobile.iTunes', needs: 'nothing', keys: { MinMacOSVersion: 'text', MinITunesVersion: 'text' } },
  /** Of the general domain, inside a session. `TimeIntervalSince1970` is seconds with a fraction: the phone's clock. */
  trusted: {
    domain: null,
    needs: 'session',
    keys: { ActivationState: 'text', PasswordProtected: 'flag', TimeIntervalSince1970: 'number', TimeZone: 'text' },
  },
  battery: {
    domain: 'com.apple.mobile.battery',
    needs: 'session',
    keys: { BatteryCurrentCapacity: 'count', BatteryIsCharging: 'flag', ExternalConnected: 'flag', FullyCharged: 'flag' },
  },
  /** Bytes. */
  diskUsage: {
    domain: 'com.apple.disk_usage',
    needs: 'session',
    keys: {
      TotalDiskCapacity: 'count',
      TotalDataCapacity: 'count',
      TotalDataAvailable: 'count',
      AmountDataAvailable: 'count',
      AmountDataReserved: 'count',
    },
  },
  wifiSync: {
    domain: 'com.apple.mobile.wireless_lockdown',
    needs: 'session',
    keys: { EnableWifiConnections: 'flag', SupportsWifiSyncing: 'flag' },
  },
  /** Whether backups are encrypted (idevicebackup2.c), and whether they have to be: that key's name is not proven on a phone. */
  backup: { domain: 'com.apple.mobile.backup', needs: 'session', keys: { WillEncrypt: 'flag', RequiresEncryption: 'flag' } },
  supervision: { domain: 'com.apple.mobile.chaperone', needs: 'session', keys: { DeviceIsChaperoned: 'flag' } },
  findMy: { domain: 'com.apple.fmip', needs: 'session', keys: { IsAssociated: 'flag' } },
  developerMode: { domain: 'com.apple.security.mac.amfi', needs: 'session', keys: { DeveloperModeStatus: 'flag' } },
  language: { domain: 'com.apple.international', needs: 'session', keys: { Language: 'text', Locale: 'text' } },
} as const satisfies Record<string, DomainRow>;

export type DomainName = keyof typeof DOMAINS;
type Keys<D extends DomainName> = (typeof DOMAINS)[D]['keys'];

/** Why a key has no value: the phone has none, keeps it to itself, or gave one of another type. */
export type Unread = 'missing' | 'prohibited' | 'garbage';

export interface DomainReading<D extends DomainName> {
  values: { [K in keyof Keys<D>]: (Keys<D>[K] extends Kind ? KindOf[Keys<D>[K]] : never) | null };
  /** Why each key that is null is. */
  unread: { [K in keyof Keys<D>]?: Unread };
}

export interface ReadDomainOptions<D extends DomainName> extends LockdownCallOptions {
  /** Asks for these only: each key is a question and an answer. The others are null, without a reason. */
  only?: readonly (keyof Keys<D>)[];
}

/**
 * Reads the keys of one domain, one by one. A key that the phone lacks or keeps to itself is null, with the reason;
 * any other refusal, and every failure of the connection, rejects with DeviceError.
 */
export async function readDomain<D extends DomainName>(
  client: LockdownClient,
  name: D,
  options: ReadDomainOptions<D> = {},
): Promise<DomainReading<D>> {
  const { domain, keys } = DOMAINS[name] as DomainRow;
  const values: Record<string, string | number | boolean | null> = {};
  const unread: Record<string, Unread> = {};
  for (const [key, kind] of Object.entries(keys)) {
    values[key] = null;
    if (options.only !== undefined && !(options.only as readonly string[]).includes(key)) continue;
    const read = await readKey(client, domain, key, kind, options);
    if (read.why === null) values[key] = read.value;
    else unread[key] = read.why;
  }
  return { values, unread } as DomainReading<D>;
}

const WHY = new Map<string, Unread>([
  ['MissingValue', 'missing'],
  ['MissingKey', 'missing'],
  ['GetProhibited', 'prohibited'],
]);

type Read = { why: null; value: string | number | boolean } | { why: Unread };

async function readKey(
  client: LockdownClient,
  domain: string | null,
  key: string,
  kind: Kind,
  options: LockdownCallOptions,
): Promise<Read> {
  try {
    return readValue(await client.getValue(domain, key, { signal: options.signal }), kind);
  } catch (error) {
    const why = error instanceof DeviceError && error.failure.kind === 'lockdown' ? WHY.get(error.failure.word) : undefined;
    if (why === undefined) throw error;
    return { why };
  }
}

/** A value of the kind that is expected. A bigint is none: it is larger than any size, time or percentage. */
export function readValue(value: PlistValue, kind: Kind): Read {
  const fits =
    kind === 'text'
      ? typeof value === 'string'
      : kind === 'flag'
        ? typeof value === 'boolean'
        : typeof value === 'number' && (kind === 'number' ? Number.isFinite(value) : Number.isSafeInteger(value) && value >= 0);
  return fits ? { why: null, value: value as string | number | boolean } : { why: 'garbage' };
}
