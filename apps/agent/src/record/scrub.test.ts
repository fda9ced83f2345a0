import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { normaliseUdid } from '@lockstep/core/health';
import * as fc from 'fast-check';
import { commandRow, decodeOutput, isCommand, type Ran } from '../machine/index.js';
import { NAMES_IN, VERSIONS_IN } from './commands.js';
import { Pseudonyms } from './pseudonyms.js';
import { sameFacts } from './recording.js';
import { Scrubber } from './scrub.js';
import { Secrets } from './secrets.js';

const KEY = Buffer.alloc(32, 7);

/** A scrubber that has read these texts. */
function scrubberOf(texts: readonly string[], names: readonly string[] = [], secrets = new Secrets()): Scrubber {
  for (const name of names) secrets.name(name);
  for (const text of texts) secrets.learn(text);
  return new Scrubber(secrets, new Pseudonyms(KEY));
}

const hex = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789ABCDEF'), minLength: length, maxLength: length });
const letters = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzäöüéß'), minLength: 5, maxLength: 10 });
const ecid = fc.tuple(fc.constantFrom(...'123456789ABCDEF'), hex(13)).map(([first, rest]) => `00${first}${rest}`);
const imei = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 14, maxLength: 14 }).map((body) => {
  const sum = [...body].reverse().reduce((total, d, i) => {
    const n = Number(d) * (i % 2 === 0 ? 2 : 1);
    return total + (n > 9 ? n - 9 : n);
  }, 0);
  return `${body}${(10 - (sum % 10)) % 10}`;
});
/** A person with a phone and a computer. */
const owner = fc.record({
  udid: fc.tuple(fc.constantFrom('00008110', '00008030', '00008120'), ecid).map(([chip, e]) => `${chip}-${e}`),
  old: fc.tuple(fc.constantFrom('a', 'b', 'c'), hex(38), fc.constantFrom('1', '2', '3')).map((parts) => parts.join('').toLowerCase()),
  serial: hex(9).map((s) => `F4${s}Q`),
  name: letters,
  mac: fc.array(hex(2), { minLength: 6, maxLength: 6 }).map((octets) => ['A4', ...octets.slice(1)].join(':')),
  ip: fc.tuple(fc.integer({ min: 1, max: 254 }), fc.integer({ min: 1, max: 254 })).map(([a, b]) => `192.168.${a}.${b}`),
  uuid: fc.uuid(),
  imei,
  key: fc.uint8Array({ minLength: 120, maxLength: 400 }),
});
type Owner = typeof owner extends fc.Arbitrary<infer T> ? T : never;

const wide = (text: string) => [...text].map((c) => `${c}\0`).join('');
const data = (bytes: string | Uint8Array) => `<key>blob</key><data>\n\t${Buffer.from(bytes).toString('base64')}\n\t</data>`;
const jsonEscaped = (text: string) => text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
const cased = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Outputs of tools, with all of the person's secrets in many spellings. */
function outputs(o: Owner): string[] {
  const dashless = o.udid.replace('-', '');
  const number = BigInt(`0x${o.udid.slice(9)}`);
  const pem = `-----BEGIN RSA PRIVATE KEY-----\n${Buffer.from(o.key).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END RSA PRIVATE KEY-----`;
  return [
    `{"MESSAGE":"usb 1-2: SerialNumber: ${dashless}"}\n{"MESSAGE":"wlan0: associated with ${o.mac} as ${o.ip}, imei ${o.imei}"}\n`,
    `<plist><dict><key>USB Serial Number</key><string>${dashless.toLowerCase()}</string><key>IOPlatformSerialNumber</key><string>${o.serial}</string>
<key>kCGSSessionUserNameKey</key><string>${o.name}</string>${data(`x ${o.serial} y`)}${data(wide(dashless))}${data(o.key)}</dict></plist>`,
    `{"id":"USB\\\\VID_05AC&PID_12A8\\\\${dashless}","ecid":"0x${number.toString(16)}","mac":"${o.mac.replaceAll(':', '-').toLowerCase()}"}`,
    `{ECID: ${number}, ECID=0x${number.toString(16).toUpperCase()}} lockdown: ${o.old} ${o.old.toUpperCase()} ${o.uuid} ${o.uuid.replaceAll('-', '')}`,
    `/Users/${o.name}/Library ${cased(o.name)}'s iPhone, ${o.name.toUpperCase()}-MacBook.local ${jsonEscaped(o.name)} ${o.name.normalize('NFD')} %${''}`,
    wide(`SerialNumber: ${o.serial} ${o.udid} C:\\Users\\${o.name.replace(/[^a-z]/g, 'q')}`),
    `${pem}\n${JSON.stringify({ pem })} ${o.mac.replaceAll(':', '')} hash "${Buffer.from(o.key).subarray(0, 32).toString('base64')}"`,
  ];
}

/** Everything a reader could still see: as it stands, without zeros and separators, and inside of base64. */
function views(text: string): string {
  const decoded = [...text.matchAll(/[A-Za-z0-9+/]{8,}={0,2}/g)].map(([run]) => Buffer.from(run, 'base64'));
  const all = [text, ...decoded.map((b) => b.toString('utf8')), ...decoded.map((b) => b.toString('latin1'))].map((t) =>
    t.replaceAll('\0', ''),
  );
  const plain = all.join('\n').normalize('NFC').toLowerCase();
  return `${plain}\n${plain.replace(/[-:]/g, '')}\n${plain.replace(/\\u([0-9a-f]{4})/g, (_, n: string) => String.fromCharCode(Number.parseInt(n, 16)))}`;
}

describe('scrubbing', () => {
  it('leaves nothing of a person in any spelling in any output', () => {
    fc.assert(
      fc.property(owner, (o) => {
        const texts = outputs(o);
        const scrubber = scrubberOf(texts, [`${cased(o.name)}'s iPhone`]);
        const clean = texts.map((text) => scrubber.text(text));
        const seen = views(clean.join('\n'));
        const number = BigInt(`0x${o.udid.slice(9)}`);
        const secrets = {
          udid: o.udid.replace('-', '').toLowerCase(),
          ecid: number.toString(16),
          decimal: `${number}`,
          old: o.old,
          serial: o.serial.toLowerCase(),
          name: o.name.toLowerCase(),
          mac: o.mac.replaceAll(':', '').toLowerCase(),
          ip: o.ip,
          uuid: o.uuid,
          plainUuid: o.uuid.replaceAll('-', ''),
          imei: o.imei,
          key: Buffer.from(o.key).toString('base64').slice(0, 60).toLowerCase(),
        };
        expect(Object.entries(secrets).filter(([, secret]) => seen.includes(secret))).toEqual([]);
        for (const text of clean) expect(scrubber.survivors(text)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('makes ids of the same form, the same everywhere, and ECIDs that still fit their UDIDs', () => {
    fc.assert(
      fc.property(owner, (o) => {
        const dashless = o.udid.replace('-', '');
        const number = BigInt(`0x${o.udid.slice(9)}`);
        const line = `${o.udid} ${dashless} ${dashless.toLowerCase()} 0x${number.toString(16)} ${number} ${o.old} ${o.old.toUpperCase()}`;
        const [udid = '', plain, small, ecid, decimal, old = '', capitals] = scrubberOf([line]).text(line).split(' ');
        expect(normaliseUdid(udid)).toBe(udid);
        expect(udid).not.toBe(o.udid);
        expect(udid.slice(0, 8)).toBe(o.udid.slice(0, 8));
        expect(plain).toBe(udid.replace('-', ''));
        expect(small).toBe(plain?.toLowerCase());
        const other = BigInt(`0x${udid.slice(9)}`);
        expect([ecid, decimal]).toEqual([`0x${other.toString(16)}`, `${other}`]);
        expect(normaliseUdid(old)).toBe(old);
        expect(capitals).toBe(old.toUpperCase());
      }),
      { numRuns: 30 },
    );
  });

  it('hangs on a key that is made for each recording', () => {
    const line = 'SerialNumber: 00008110001A2B3C4D5E801E';
    const secrets = new Secrets();
    secrets.learn(line);
    const [a, b] = [new Scrubber(secrets, new Pseudonyms()).text(line), new Scrubber(secrets, new Pseudonyms()).text(line)];
    expect(a).not.toBe(b);
  });

  it('leaves alone what says nothing about anybody', () => {
    const text = `usb 1-2.3: New USB device found, idVendor=05ac, idProduct=12a8, bcdDevice=14.01
"__REALTIME_TIMESTAMP":"1764000000000000" 127.0.0.1:27015 ::1 0.0.0.0/0 224.0.0.251 255.255.255.0 fe80::1
version 12.13.7.1 "DriverVersion":"486.0.0.0" iPhone iPad Mac localhost root /Library/Apple/usr 2026-11-24T09:00:00.000Z 0x14230000`;
    expect(scrubberOf([text], ['iPhone', 'localhost', 'root']).text(text)).toBe(text);
  });

  it('keeps what networks have in common', () => {
    const clean = scrubberOf([])
      .text('192.168.7.20 192.168.7.21 192.168.7.0/24 10.1.2.3 100.64.3.4 fe80::a1b2:c3d4 2a02:810a::5')
      .split(/[ /]/);
    const network = (clean[0] ?? '').split('.').slice(0, 3).join('.');
    expect(clean[0]).toMatch(/^192\.168\./);
    expect(network).not.toBe('192.168.7');
    expect([clean[1], clean[2]].map((a) => a?.split('.').slice(0, 3).join('.'))).toEqual([network, network]);
    expect(clean[0]).not.toBe(clean[1]);
    expect(clean[4]).toMatch(/^10\./);
    expect(clean[5]).toMatch(/^100\.64\./);
    expect(clean[6]).toMatch(/^fe80::/);
  });

  it('finds a short name where it stands alone, and not inside of words', () => {
    expect(scrubberOf([], ['Ed']).text('Ed loaded Ed’s phone; needed')).toMatch(
      /^(?!Ed)[A-Z][a-z] loaded (?!Ed)[A-Z][a-z]’s phone; needed$/,
    );
  });

  it('replaces what people wrote into rules', () => {
    const clean = scrubberOf([]).text('-A INPUT -m comment --comment "let Annas laptop in" -j ACCEPT\n{"comment": "for Bob"}');
    expect(clean).not.toMatch(/Anna|laptop|Bob/);
    expect(clean).toContain('-j ACCEPT');
  });
});

const ROOT = fileURLToPath(new URL('../../samples/', import.meta.url));
const samples = readdirSync(ROOT).flatMap((system) => readdirSync(join(ROOT, system)).map((name) => join(system, name)));

describe('a scrubbed sample says what the sample says', () => {
  it.each(samples)('%s', (sample) => {
    const files = readdirSync(join(ROOT, sample));
    const id = files.find((f) => f.endsWith('.stdout'))?.slice(0, -'.stdout'.length) ?? '';
    if (!isCommand(id)) throw new Error(`${id} is no command`);
    const meta = JSON.parse(readFileSync(join(ROOT, sample, 'meta.json'), 'utf8')) as { exit: number; failure?: Ran['failure'] };
    const read = (file: string) => (existsSync(join(ROOT, sample, file)) ? decodeOutput(readFileSync(join(ROOT, sample, file))) : '');
    const ran: Ran = {
      exit: meta.failure ? null : meta.exit,
      stdout: read(`${id}.stdout`),
      stderr: read(`${id}.stderr`),
      failure: meta.failure ?? null,
    };
    const secrets = new Secrets();
    for (const text of [ran.stdout, ran.stderr]) secrets.learn(text, NAMES_IN[id]);
    const scrubber = new Scrubber(secrets, new Pseudonyms(KEY));
    const versions = VERSIONS_IN.has(id);
    const { parse } = commandRow(id);
    const clean = { ...ran, stdout: scrubber.text(ran.stdout, { versions }), stderr: scrubber.text(ran.stderr, { versions }) };
    const [before, after] = [scrubber.json(parse?.(ran) ?? [], { versions }), parse?.(clean) ?? []];
    if (!sameFacts(before, after)) expect(after).toEqual(before);
    expect(scrubber.survivors(clean.stdout + clean.stderr)).toBe(0);
  });
});
