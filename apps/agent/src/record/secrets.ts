import { normaliseUdid } from '@lockstep/core/health';

/**
 * Words that stand in names and are no secret: of products, of systems, and of the tools' own language. A phone that its owner never named
 * is an "iPhone", and a computer is often called after its system.
 */
const PUBLIC_WORDS = new Set(
  `iphone ipad ipod apple mac macbook imac mini studio windows linux debian ubuntu fedora arch desktop laptop server local localhost localdomain
  home users user root admin system daemon nobody usb usbmuxd usbmux device devices phone mobile active inactive running loaded enabled disabled
  failed dead true false null none unknown default kernel service state name type version serial number product model hub port ports host lan
  pro plus max air ultra login session online offline the and for with from public shared service services program programs data library
  applications volumes private input accept drop forward chain table rule type hook policy normal recovery restore info warn error debug`
    .split(/\s+/)
    .filter((w) => w !== ''),
);

/** A name that is shorter than this is looked for as a whole word only: "Ed" stands in "loaded". */
export const LONG_NAME = 4;
/** A shorter number is no name: years, versions, sizes. */
const LONG_NUMBER = 6;

/** A lone letter names nobody, and stands everywhere. */
function isName(letters: string): boolean {
  return !PUBLIC_WORDS.has(letters) && !/^[a-z]$/.test(letters);
}

/** Everything in a computer's outputs that says whose it is, in one spelling each. */
export class Secrets {
  /** Words of names, in small letters, composed. */
  readonly words = new Set<string>();
  /** Serial numbers and the like, in capitals. */
  readonly serials = new Set<string>();
  readonly udids = new Set<string>();
  readonly ecids = new Set<bigint>();

  /** A name of a person, a phone or a computer: each of its words is one. */
  name(raw: string): void {
    for (const [run] of raw
      .normalize('NFC')
      .toLowerCase()
      .matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
      if (/^\p{N}+$/u.test(run) ? run.length >= LONG_NUMBER : /\p{N}/u.test(run) ? run.length > LONG_NAME : isName(run))
        this.words.add(run);
      // "anna2024" is also somebody called Anna.
      for (const [part] of run.matchAll(/[\p{L}\p{M}]+/gu))
        if (part !== run && part.length >= LONG_NAME && isName(part)) this.words.add(part);
    }
  }

  /** A serial number, or anything else that names one thing: a UDID is told apart by its form. */
  serial(raw: string): void {
    const value = raw.trim();
    const udid = normaliseUdid(value);
    if (udid !== null) return this.udid(udid);
    if (!/^(?=.*\d)[A-Za-z0-9][A-Za-z0-9+/=_.-]{5,63}$/.test(value)) return;
    if (/^0x[0-9a-f]+$/i.test(value)) this.ecid(value);
    else this.serials.add(value.toUpperCase());
  }

  udid(raw: string): void {
    const udid = normaliseUdid(raw);
    if (udid === null) return;
    this.udids.add(udid);
    // Since A12 the second half of a UDID is the ECID.
    if (udid.includes('-')) this.ecids.add(BigInt(`0x${udid.slice(9)}`));
  }

  /** A chip's own number, as hex with `0x` or as decimal digits. */
  ecid(raw: string): void {
    const value = raw.trim();
    // One of less than eight hex digits would be found in every second number.
    if (/^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(value) && BigInt(value) > 0xfff_ffff) this.ecids.add(BigInt(value));
  }

  /** Reads an output for what its own labels say: fields for serial numbers and names, folders of people, UDIDs by their form. */
  learn(text: string, names: readonly string[] = []): void {
    for (const { key, value } of fieldsOf(text)) {
      const label = key.toLowerCase().replace(/[^a-z]/g, '');
      if (/serial|udid|uniqueid|uniquedevice|imei|meid|iccid|imsi|hash$/.test(label)) this.serial(value);
      else if (/ecid|uniquechip/.test(label)) this.ecid(value);
      else if (NAME_LABEL.test(label) || names.includes(label)) this.name(value);
    }
    for (const [, person = ''] of text.matchAll(/(?:\/Users|\/home|[A-Z]:\\{1,2}Users)[\\/]{1,2}([^\\/\s"'<>:|]{2,64})/g))
      this.name(person);
    for (const [udid] of text.matchAll(
      /(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}|0000[0-9A-Fa-f]{20}|[0-9A-Fa-f]{40})(?![0-9A-Za-z])/g,
    ))
      if (/\d/.test(udid)) this.udid(udid);
  }
}

const NAME_LABEL =
  /^(user|owner|registeredowner|organi[sz]ation|gecos|ssid|appleid|email)$|(user|account|login|short|long|full|host|computer|device|customer)name(key)?$/;

/** `"key": "value"` of JSON, `<key>` and what follows it of property lists, `"key" = "value"` of ioreg, `key=value` and `key: value`. */
function* fieldsOf(text: string): Generator<{ key: string; value: string }> {
  const forms = [
    /"([A-Za-z][\w .-]{1,40})"\s*[:=]\s*"((?:[^"\\\n]|\\.){1,255})"/g,
    /"([A-Za-z][\w .-]{1,40})"\s*[:=]\s*(\d{8,20})\b/g,
    /<key>([^<]{1,64})<\/key>\s*<(?:string|integer)>([^<]{1,255})</g,
    /(?:^|[\s;,(])([A-Za-z][A-Za-z_-]{1,40})\s?(?::\s|=>?\s?)"?([^\s"',;<>][^\n"<>]{1,120})/gm,
    /\b(serial|hash|parent-hash)\s+"([^"\n]{1,120})"/g,
  ];
  for (const [i, form] of forms.entries())
    for (const [, key = '', raw = ''] of text.matchAll(form)) {
      const value = i === 0 ? unescaped(raw) : i === 2 ? unmarked(raw) : raw;
      // Bare values end with their line, or with the next field.
      yield { key, value: i === 3 && /serial|udid|imei|ecid/i.test(key) ? (value.split(/[\s,;]/)[0] ?? '') : value };
    }
}

function unescaped(json: string): string {
  try {
    return String(JSON.parse(`"${json}"`));
  } catch {
    return json;
  }
}

function unmarked(xml: string): string {
  return xml
    .replace(/&#(x?)([0-9a-f]{1,6});/gi, (_, x: string, n: string) =>
      String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(n, x ? 16 : 10))),
    )
    .replace(/&(apos|quot|lt|gt|amp);/g, (_, e: string) => ({ apos: "'", quot: '"', lt: '<', gt: '>', amp: '&' })[e] ?? '');
}
