import type { PlistDict } from '@lockstep/agent/device';
import type { PhoneCondition } from './condition.js';
import type { PhoneIdentity } from './identity.js';
import type { Via } from './trust.js';

/**
 * What lockdownd gives without a session, by name and as a whole. The list is usbmux-client's type; PasswordProtected is added because
 * tools read it before pairing (phones may refuse it: see `lockStateNeedsSession`).
 */
export const SESSIONLESS_KEYS: ReadonlySet<string> = new Set([
  'BasebandCertId',
  'BasebandKeyHashInformation',
  'BasebandSerialNumber',
  'BasebandVersion',
  'BoardId',
  'BuildVersion',
  'CPUArchitecture',
  'ChipID',
  'DeviceClass',
  'DeviceColor',
  'DeviceName',
  'DieID',
  'HardwareModel',
  'HasSiDP',
  'PartitionType',
  'ProductName',
  'ProductType',
  'ProductVersion',
  'ProductionSOC',
  'ProtocolVersion',
  'SupportedDeviceFamilies',
  'TelephonyCapability',
  'UniqueChipID',
  'UniqueDeviceID',
  'WiFiAddress',
  'PasswordProtected',
]);

/** Named on its own only: pairing needs it, and a whole domain does not hold it. */
const BY_NAME_ONLY: ReadonlySet<string> = new Set(['DevicePublicKey']);

/** Of the free space, what the system keeps for itself. */
const RESERVED_BYTES = 209_715_200;

/** The domain that is given, filtered, without a session. */
const ITUNES = 'com.apple.mobile.iTunes';

/**
 * GetValue's answer: one value, a whole domain, or the word of the refusal. Unknown domains and keys answer MissingValue (how real phones
 * word an unknown domain is not known).
 */
export function getValue(
  identity: PhoneIdentity,
  condition: PhoneCondition,
  ask: { domain: string | undefined; key: string | undefined; session: boolean; lockStateNeedsSession: boolean; via: Via },
): { value: PlistDict[string] } | { error: 'GetProhibited' | 'MissingValue' } {
  const { domain, key, session } = ask;
  const open = (name: string) =>
    // Pairing is for the cable, and so is the key that it needs (pymobiledevice3's issue 932).
    !(ask.via === 'network' && BY_NAME_ONLY.has(name)) &&
    (session ||
      domain === ITUNES ||
      (domain === undefined &&
        (SESSIONLESS_KEYS.has(name) || BY_NAME_ONLY.has(name)) &&
        !(ask.lockStateNeedsSession && name === 'PasswordProtected')));
  const values = domainValues(identity, condition, domain);
  if (values === null) return { error: session ? 'MissingValue' : 'GetProhibited' };
  if (key !== undefined) {
    if (!open(key)) return { error: 'GetProhibited' };
    const value = values[key];
    return value === undefined ? { error: 'MissingValue' } : { value };
  }
  if (!session && domain !== undefined && domain !== ITUNES) return { error: 'GetProhibited' };
  return { value: Object.fromEntries(Object.entries(values).filter(([name]) => open(name) && !BY_NAME_ONLY.has(name))) };
}

function domainValues(id: PhoneIdentity, condition: PhoneCondition, domain: string | undefined): PlistDict | null {
  switch (domain) {
    case undefined:
      return globalValues(id, condition);
    case 'com.apple.mobile.battery':
      return {
        BatteryCurrentCapacity: condition.battery.percent,
        BatteryIsCharging: true,
        ExternalChargeCapable: true,
        ExternalConnected: true,
        FullyCharged: false,
        GasGaugeCapability: true,
        HasBattery: true,
      };
    case 'com.apple.disk_usage':
      return {
        AmountDataAvailable: condition.freeBytes - RESERVED_BYTES,
        AmountDataReserved: RESERVED_BYTES,
        TotalDataAvailable: condition.freeBytes,
        TotalDataCapacity: 115_964_116_992,
        TotalDiskCapacity: 128_000_000_000,
        TotalSystemAvailable: 0,
        TotalSystemCapacity: 12_035_883_008,
      };
    case 'com.apple.mobile.wireless_lockdown':
      return {
        EnableWifiConnections: condition.wifiConnections,
        EnableWifiPairing: false,
        SupportsWifi: true,
        SupportsWifiSyncing: true,
        WirelessBuddyID: id.serialNumber,
      };
    case 'com.apple.mobile.backup':
      return { WillEncrypt: true, RequiresEncryption: false };
    case ITUNES:
      // Which software the computer needs at least; the values of iOS 15 and later.
      return { MinITunesVersion: '12.12.2', MinMacOSVersion: '10.15', ClientInfo: 'iTunes', SupportsAirTraffic: true, SyncDataClass: true };
    case 'com.apple.international':
      return { Keyboard: 'en_US', Language: 'en', Locale: 'en_US' };
    case 'com.apple.fmip':
      return { IsAssociated: false };
    case 'com.apple.mobile.chaperone':
      return { DeviceIsChaperoned: condition.supervised };
    case 'com.apple.security.mac.amfi':
      return { DeveloperModeStatus: false };
    default:
      return null;
  }
}

function globalValues(id: PhoneIdentity, condition: PhoneCondition): PlistDict {
  return {
    ActivationState: condition.activation,
    BasebandStatus: 'BBInfoAvailable',
    BasebandVersion: '3.50.04',
    BluetoothAddress: id.bluetoothAddress,
    BoardId: id.boardId,
    BuildVersion: id.buildVersion,
    CPUArchitecture: id.cpuArchitecture,
    ChipID: id.chipId,
    DeviceClass: id.deviceClass,
    DeviceColor: id.deviceColor,
    DeviceName: id.deviceName,
    DevicePublicKey: Buffer.from(condition.devicePublicPem),
    DieID: id.ecid,
    HardwareModel: id.hardwareModel,
    HardwarePlatform: `t${id.chipId.toString(16)}`,
    HasSiDP: true,
    HostAttached: true,
    ModelNumber: 'MLPF3',
    PartitionType: 'GUID_partition_scheme',
    PasswordProtected: condition.locked,
    ProductName: 'iPhone OS',
    ProductType: id.productType,
    ProductVersion: id.productVersion,
    ProductionSOC: true,
    ProtocolVersion: '2',
    RegionInfo: 'LL/A',
    SerialNumber: id.serialNumber,
    SupportedDeviceFamilies: [1],
    TelephonyCapability: true,
    TimeIntervalSince1970: condition.now / 1_000 + 0.000_5,
    TimeZone: 'Etc/UTC',
    TrustedHostAttached: true,
    UniqueChipID: id.ecid,
    UniqueDeviceID: id.udid,
    UseRaptorCerts: true,
    Uses24HourClock: true,
    WiFiAddress: id.wifiAddress,
    // 2^64 - 1: the value by which readers that keep integers in a double are found out.
    FamilyID: 18_446_744_073_709_551_615n,
  };
}
