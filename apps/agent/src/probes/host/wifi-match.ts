import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { parsePlistDict } from '../../device/index.js';
import type { Heard, NetInterface } from '../../machine/index.js';
import { type DnsRecord, decodeAnswer, TYPE } from './dns-message.js';

/** The service that phones announce for Wi-Fi sync (usbmuxd2, pymobiledevice3 bonjour.py). */
export const MOBDEV = '_apple-mobdev2._tcp.local';
/** Everybody who announces anything answers this (RFC 6763, 9). */
export const ANYTHING = '_services._dns-sd._udp.local';

/** One phone's announcement. */
export interface Advert {
  /** The address in its name; null when there is none. */
  mac: string | null;
  /** TXT entries of iOS 26.4 and later: `identifier`, `authTag`, `authTag#2` … */
  identifier: string | null;
  authTags: string[];
  from: string;
  interface: string;
}

/** What was heard: the announcements of phones, and whether anybody answered at all. */
export interface Browse {
  adverts: Advert[];
  hearsOthers: boolean;
}

/** Reads the answers to a question for phones and for anything. What comes from this computer itself is nobody else's. */
export function readBrowse(heard: readonly Heard[], own: readonly NetInterface[]): Browse {
  const mine = new Set(own.flatMap((i) => i.addresses.map((a) => a.address)));
  const adverts = new Map<string, Advert>();
  let hearsOthers = false;
  for (const packet of heard) {
    const from = packet.from.replace(/%.*$/, '');
    const records = decodeAnswer(packet.bytes);
    if (records === null || mine.has(from)) continue;
    hearsOthers ||= records.length > 0;
    for (const instance of instancesOf(records)) {
      const entries = records.flatMap((r) =>
        r.type === TYPE.TXT && r.name === instance && r.data && 'entries' in r.data ? r.data.entries : [],
      );
      const before = adverts.get(instance);
      const value = (key: RegExp) => entries.flatMap((e) => (key.test(e) ? [e.slice(e.indexOf('=') + 1)] : []));
      const authTags = value(/^authTag(#\d{1,3})?=/i);
      adverts.set(instance, {
        mac: /^([0-9a-f]{2}(:[0-9a-f]{2}){5})@/.exec(instance)?.[1] ?? null,
        identifier: value(/^identifier=/i)[0] ?? before?.identifier ?? null,
        authTags: authTags.length > 0 ? authTags : (before?.authTags ?? []),
        from,
        interface: packet.interface,
      });
    }
  }
  return { adverts: [...adverts.values()], hearsOthers };
}

function instancesOf(records: readonly DnsRecord[]): string[] {
  const named = records.flatMap((r) => (r.type === TYPE.PTR && r.name === MOBDEV && r.data && 'name' in r.data ? [r.data.name] : []));
  const served = records.flatMap((r) => ((r.type === TYPE.SRV || r.type === TYPE.TXT) && r.name.endsWith(`.${MOBDEV}`) ? [r.name] : []));
  return [...new Set([...named, ...served])];
}

/** What a pair record is compared by. It is made and let go inside the probe; none of it is told. */
export interface RecordMarks {
  hostId: string | null;
  mac: string | null;
}

/** The two values of a record that announcements are compared with. Null when it cannot be read. */
export function marksOf(record: Uint8Array): RecordMarks | null {
  try {
    const { HostID, WiFiMACAddress } = parsePlistDict(record, { bytes: 65_536, depth: 4, values: 256 });
    return {
      hostId: typeof HostID === 'string' ? HostID : null,
      mac: typeof WiFiMACAddress === 'string' ? WiFiMACAddress.toLowerCase() : null,
    };
  } catch {
    return null;
  }
}

/** Whether an announcement's address is the record's; null when either has none. */
export function addressMatches(advert: Advert, marks: RecordMarks): boolean | null {
  return advert.mac === null || marks.mac === null ? null : advert.mac === marks.mac;
}

const TAG_BYTES = 8;

/**
 * Whether one of the announcement's tags was made for this record: the first eight bytes of HMAC-SHA256 over the identifier, under a key
 * that HKDF-SHA512 makes of the HostID alone (idevice mdns.rs, after MobileDevice's AMDIsTXTRecordForUDID). Null when it carries none.
 */
export function tagMatches(advert: Advert, marks: RecordMarks): boolean | null {
  if (advert.identifier === null || advert.authTags.length === 0 || marks.hostId === null) return null;
  const key = Buffer.from(hkdfSync('sha512', Buffer.from(marks.hostId, 'utf8'), Buffer.alloc(0), Buffer.alloc(0), 32));
  const expected = createHmac('sha256', key).update(Buffer.from(advert.identifier, 'latin1')).digest().subarray(0, TAG_BYTES);
  return advert.authTags.some((tag) => {
    const bytes = Buffer.from(tag.trim(), 'base64');
    return bytes.length === TAG_BYTES && timingSafeEqual(bytes, expected);
  });
}

/** Whether the sender of an announcement is in a network of the interface it came in on. Link-local addresses always are. */
export function isSameSubnet(advert: Advert, own: readonly NetInterface[]): boolean | null {
  if (/^fe80:/i.test(advert.from)) return true;
  const addresses = own.find((i) => i.name === advert.interface)?.addresses.filter((a) => a.family === 4) ?? [];
  const from = four(advert.from);
  if (from === null || addresses.length === 0) return null;
  return addresses.some((a) => {
    const here = four(a.address);
    const mask = a.prefix === 0 ? 0 : (0xffff_ffff << (32 - a.prefix)) >>> 0;
    return here !== null && (here & mask) >>> 0 === (from & mask) >>> 0;
  });
}

function four(address: string): number | null {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  if (!m) return null;
  const parts = m.slice(1).map(Number);
  return parts.some((p) => p > 255) ? null : parts.reduce((n, p) => ((n << 8) | p) >>> 0, 0);
}
