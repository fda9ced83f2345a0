import { normaliseUdid } from '@lockstep/core/health';
import type { Seeded } from './seeded.js';

/** Who a simulated phone is: what lockdownd, the multiplexer and the USB tree say about it. */
export interface PhoneIdentity {
  /** In its one spelling. */
  udid: string;
  /** UniqueChipID; the last 16 digits of a new-style UDID. Exceeds 2^53. */
  ecid: bigint;
  chipId: number;
  boardId: number;
  productType: string;
  productVersion: string;
  buildVersion: string;
  hardwareModel: string;
  cpuArchitecture: string;
  deviceName: string;
  deviceClass: 'iPhone' | 'iPad';
  deviceColor: string;
  serialNumber: string;
  wifiAddress: string;
  bluetoothAddress: string;
  /** USB product id: 12a8 every iPhone since the 5, 12ab the iPad. */
  productId: number;
  /** The iSerial string of the USB descriptor: 24 digits without dash for new UDIDs, else the UDID itself. */
  usbSerial: string;
  /** USB bcdDevice: encodes the ProductType (0x1405 for iPhone14,5) since about iPhone 6. */
  bcdDevice: number;
  /** The fastest link it can do, in Mbit/s: 480, or 10000 for iPhone 15 Pro and later Pro models. */
  maxSpeedMbps: 480 | 10_000;
}

interface Model {
  productType: string;
  hardwareModel: string;
  chipId: number;
  cpuArchitecture: string;
  releases: readonly [readonly [version: string, build: string], ...(readonly [version: string, build: string])[]];
  fast?: true;
}

const CURRENT = [
  ['26.1', '23B85'],
  ['18.6.2', '22G100'],
  ['18.5', '22F76'],
] as const;

/** Public model and build numbers; chip ids as in the first half of those phones' UDIDs. The first is the last model with a 40-digit UDID. */
const MODELS: readonly [Model, ...Model[]] = [
  { productType: 'iPhone10,6', hardwareModel: 'D221AP', chipId: 0x8015, cpuArchitecture: 'arm64', releases: [['16.7.10', '20H350']] },
  { productType: 'iPhone12,1', hardwareModel: 'N104AP', chipId: 0x8030, cpuArchitecture: 'arm64e', releases: CURRENT },
  { productType: 'iPhone13,2', hardwareModel: 'D53gAP', chipId: 0x8101, cpuArchitecture: 'arm64e', releases: CURRENT },
  { productType: 'iPhone14,5', hardwareModel: 'D17AP', chipId: 0x8110, cpuArchitecture: 'arm64e', releases: CURRENT },
  { productType: 'iPhone15,4', hardwareModel: 'D37AP', chipId: 0x8120, cpuArchitecture: 'arm64e', releases: CURRENT },
  { productType: 'iPhone16,1', hardwareModel: 'D83AP', chipId: 0x8130, cpuArchitecture: 'arm64e', releases: CURRENT, fast: true },
  { productType: 'iPhone17,3', hardwareModel: 'D47AP', chipId: 0x8140, cpuArchitecture: 'arm64e', releases: CURRENT },
];

/**
 * Names as phones really carry them, and names as an attacker would: terminal escapes, marks that turn the reading direction, NUL and
 * half a surrogate pair (PostgreSQL refuses both), markup, a formula for a spreadsheet, and length.
 */
export const HOSTILE_NAMES: readonly string[] = [
  'Eden iPhone ',
  '📱 Zoë’s iPhone',
  '会議室の iPhone',
  'iPhone\u0000of nobody',
  'iPhone \ud800',
  '\u001b[2J\u001b[31mroot\u001b[0m',
  'iPhone \u202egpj.exe',
  '</string></dict><!-- & "iPhone"',
  '=HYPERLINK("http://127.0.0.1","iPhone")',
  'x'.repeat(4_000),
];

export interface IdentityChoice {
  /** 40 small hex digits, as phones up to the iPhone X carry, or `8HEX-16HEX`. */
  udidStyle?: 'new' | 'sha1';
  udid?: string;
  productType?: string;
  productVersion?: string;
  buildVersion?: string;
  deviceName?: string;
}

/** A phone's identity from a seed. Throws a RangeError that names what cannot be: a UDID that is none, a model the lab does not know. */
export function makeIdentity(seed: Seeded, choice: IdentityChoice = {}): PhoneIdentity {
  const model = chooseModel(seed.fork('model'), choice);
  const ids = seed.fork('ids');
  const old =
    choice.udid === undefined ? (choice.udidStyle ?? (model.chipId === 0x8015 ? 'sha1' : 'new')) === 'sha1' : !choice.udid.includes('-');
  // ECIDs of real phones fill 52 to 56 bits.
  const drawn = `00${ids.hex(14)}`.toUpperCase();
  const udid = choice.udid ?? (old ? ids.hex(40) : `${model.chipId.toString(16).toUpperCase().padStart(8, '0')}-${drawn}`);
  if (normaliseUdid(udid) !== udid)
    throw new RangeError(`udid: must be 8HEX-16HEX in capitals or 40 hex digits in small letters, not ${JSON.stringify(udid)}`);
  const [version, build] = seed.fork('release').pick(model.releases);
  const [, generation = '0', variant = '0'] = /(\d+),(\d+)$/.exec(model.productType) ?? [];
  return {
    udid,
    ecid: BigInt(`0x${old ? drawn : udid.slice(9)}`),
    chipId: model.chipId,
    boardId: 2 * (1 + ids.below(14)),
    productType: model.productType,
    productVersion: choice.productVersion ?? version,
    buildVersion: choice.buildVersion ?? build,
    hardwareModel: model.hardwareModel,
    cpuArchitecture: model.cpuArchitecture,
    deviceName: choice.deviceName ?? 'iPhone',
    deviceClass: 'iPhone',
    deviceColor: '1',
    serialNumber: serialNumber(ids),
    wifiAddress: mac(ids),
    bluetoothAddress: mac(ids),
    productId: 0x12a8,
    usbSerial: udid.replace('-', ''),
    bcdDevice: Number(`0x${generation.padStart(2, '0')}${variant.padStart(2, '0')}`),
    maxSpeedMbps: model.fast ? 10_000 : 480,
  };
}

function chooseModel(seed: Seeded, choice: IdentityChoice): Model {
  if (choice.productType === undefined) {
    const old = choice.udidStyle === 'sha1' || (choice.udid !== undefined && !choice.udid.includes('-'));
    if (old) return MODELS[0];
    const [, first, ...more] = MODELS;
    return first ? seed.pick([first, ...more]) : MODELS[0];
  }
  const model = MODELS.find((m) => m.productType === choice.productType);
  if (!model)
    throw new RangeError(
      `productType: unknown model ${JSON.stringify(choice.productType)}; the lab knows ${MODELS.map((m) => m.productType).join(', ')}`,
    );
  return model;
}

/** Ten letters and digits, as Apple's serial numbers since 2021. */
function serialNumber(seed: Seeded): string {
  const letters = 'CDFGHJKLMNPQRTVWXY0123456789';
  return Array.from({ length: 10 }, () => letters[seed.below(letters.length)]).join('');
}

/** A locally administered address: it can belong to no real device. */
function mac(seed: Seeded): string {
  const b = seed.bytes(6);
  b.writeUInt8((b.readUInt8(0) & 0xfc) | 0x02, 0);
  return [...b].map((x) => x.toString(16).padStart(2, '0')).join(':');
}
