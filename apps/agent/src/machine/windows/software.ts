import type { FailReason, Reading } from '@lockstep/core/health';
import { z } from 'zod';
import { field, rowsOr, type WindowsDocument } from './document.js';

type Item = Reading<'apple-software'>['items'][number];
type Id = Item['id'];

const Key = z.object({ key: z.string(), wow: field.flag, version: field.text });
const Program = z.object({ name: field.text, version: field.text, wow: field.flag });
const App = z.object({ name: z.string(), version: field.text, arch: field.text });
const Driver = z.object({ inf: z.string(), version: field.text });

const KEYS: Readonly<Record<string, Id>> = {
  'Apple Computer, Inc.\\iTunes': 'itunes',
  'Apple Inc.\\Apple Mobile Device Support': 'mobile-device-support',
  'Apple Inc.\\Bonjour': 'bonjour',
};
const PROGRAMS: Readonly<Record<string, Id>> = {
  iTunes: 'itunes',
  'Apple Mobile Device Support': 'mobile-device-support',
  Bonjour: 'bonjour',
};
const APPS: Readonly<Record<string, Id>> = { 'AppleInc.iTunes': 'itunes-store', 'AppleInc.AppleDevices': 'apple-devices' };

const of = <T>(table: Readonly<Record<string, T>>, name: string | null): T | null =>
  name !== null && Object.hasOwn(table, name) ? (table[name] ?? null) : null;
const bitsOf = (wow: boolean | null): Item['bits'] => (wow === null ? null : wow ? 32 : 64);

/** Apple's software on a Windows computer. */
export function readSoftware(
  document: WindowsDocument,
): { read: true; reading: Reading<'apple-software'> } | { read: false; reason: FailReason } {
  const keys = document.section('keys', Key);
  const programs = document.section('programs', Program);
  const apps = document.section('apps', App);
  const own = document.section('ownapps', App);
  const drivers = document.section('drivers', Driver);
  if (!keys.read && !programs.read && !apps.read) return { read: false, reason: programs.read ? 'io' : programs.reason };
  const items: Item[] = [];
  const add = (id: Id | null, version: string | null, bits: Item['bits']) => {
    if (id !== null && !items.some((i) => i.id === id && i.bits === bits)) items.push({ id, version: version?.slice(0, 64) ?? null, bits });
  };
  for (const p of rowsOr(programs)) add(of(PROGRAMS, p.name), p.version, bitsOf(p.wow));
  // The list's names are translated for some languages, the keys' are not. A 64-bit installer may leave a key for 32-bit callers, too: the
  // native one goes first, and what the list has already told is not said again.
  const listed = new Set(items.map((i) => i.id));
  for (const k of [...rowsOr(keys)].sort((a, b) => Number(a.wow) - Number(b.wow))) {
    const id = of(KEYS, k.key);
    if (id !== null && k.version !== null && !listed.has(id) && !items.some((i) => i.id === id)) add(id, k.version, bitsOf(k.wow));
  }
  // Of all accounts where an administrator asks; else only of the agent's own, and an empty answer then says nothing.
  for (const a of [...rowsOr(apps), ...(apps.read ? [] : rowsOr(own))])
    add(of(APPS, a.name), a.version, a.arch === 'X64' || a.arch === '9' ? 64 : a.arch === 'X86' || a.arch === '0' ? 32 : null);
  return {
    read: true,
    reading: {
      items: items.slice(0, 32),
      driver: newest(rowsOr(drivers)),
      whole: keys.read && programs.read && apps.read,
    },
  };
}

/** The newest of the packages in the driver store. */
function newest(drivers: readonly z.infer<typeof Driver>[]): Reading<'apple-software'>['driver'] {
  const [best] = [...drivers].sort((a, b) => compare(b.version ?? '0', a.version ?? '0'));
  return best ? { inf: best.inf.slice(0, 64), version: best.version?.slice(0, 32) ?? null } : null;
}

function compare(a: string, b: string): number {
  const [x, y] = [a, b].map((v) => v.split('.').map(Number));
  for (let i = 0; i < 4; i++) {
    const d = (x?.[i] ?? 0) - (y?.[i] ?? 0);
    if (d !== 0) return d;
  }
  return 0;
}
