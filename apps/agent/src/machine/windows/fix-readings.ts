import type { FailReason } from '@lockstep/core/health';
import { z } from 'zod';
import { PARAMS } from '../params.js';
import type { Ran } from '../port.js';
import { field, type Section, type WindowsDocument } from './document.js';

/** What a fix asks right before it acts; these readings become no facts. */

/** Apple's service, by its key's name, as Win32_Service shows it. */
export interface AppleService {
  running: boolean;
  /** Neither running nor stopped: on its way. */
  between: boolean;
  pid: number | null;
  mode: 'Auto' | 'Manual' | 'Disabled' | null;
}

const ServiceRow = z.object({ Name: z.string(), State: field.text, StartMode: field.text, ProcessId: field.number });

/** No row: the service is not installed. */
export function readAppleService(document: WindowsDocument): Section<AppleService> {
  const services = document.section('services', ServiceRow);
  if (!services.read) return services;
  return {
    read: true,
    rows: services.rows
      .filter((s) => s.Name === 'Apple Mobile Device Service')
      .map(
        (s): AppleService => ({
          running: s.State === 'Running',
          between: s.State !== 'Running' && s.State !== 'Stopped',
          pid: s.ProcessId === null || s.ProcessId <= 0 ? null : s.ProcessId,
          mode: s.StartMode === 'Auto' || s.StartMode === 'Manual' || s.StartMode === 'Disabled' ? s.StartMode : null,
        }),
      ),
  };
}

/** A driver package of Apple's in the driver store, whose catalogue Apple or Microsoft signed. */
export interface AppleDriver {
  path: string;
  version: string | null;
}

const Package = z.object({ path: field.text, version: field.text, signed: field.number, signer: field.text });
/** Status 0 is "valid" (System.Management.Automation.SignatureStatus). Microsoft signs the catalogues of drivers that it has tested. */
const SIGNER = /(^|,\s*)O="?(Apple,? Inc\.?|Microsoft Corporation)"?(,|$)/i;

/** Newest first; the composite device's driver before the older one of the whole device. */
export function readAppleDrivers(document: WindowsDocument): Section<AppleDriver> {
  const packages = document.section('packages', Package);
  if (!packages.read) return packages;
  const proven = packages.rows.flatMap((p) =>
    p.path !== null && p.signed === 0 && SIGNER.test(p.signer ?? '') && PARAMS.storeInf(p.path)
      ? [{ path: p.path, version: p.version }]
      : [],
  );
  const isComposite = (d: AppleDriver) => /\\appleusb\.inf$/i.test(d.path);
  return {
    read: true,
    rows: proven.sort((a, b) => Number(isComposite(b)) - Number(isComposite(a)) || compareVersions(b.version, a.version)),
  };
}

function compareVersions(a: string | null, b: string | null): number {
  const parts = (v: string | null) => (v ?? '').split('.').map((p) => Number(p) || 0);
  const [x, y] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const d = (x[i] ?? 0) - (y[i] ?? 0);
    if (d !== 0) return d;
  }
  return 0;
}

/** A rule of the port proxy that takes 27015 on this computer. `listen` null: at all addresses. */
export interface ProxyRule {
  proxy: string;
  listen: string | null;
  target: string;
  port: string;
}

const Rule = z.object({ type: z.string(), listen: z.string(), to: z.string() });

/**
 * Rules that take 127.0.0.1:27015, as netsh writes them to the registry: `address/port` in both name and value. One whose parts do not pass
 * as parameters of a command makes the answer `garbage`: what cannot be put back is not taken away.
 */
export function readProxyRules(document: WindowsDocument): Section<ProxyRule> {
  const rules = document.section('rules', Rule);
  if (!rules.read) return rules;
  const mine: ProxyRule[] = [];
  for (const rule of rules.rows) {
    const listen = /^(127\.0\.0\.1|0\.0\.0\.0|\*|localhost)\/27015$/i.exec(rule.listen.trim())?.[1]?.toLowerCase();
    if (listen === undefined) continue;
    const to = /^(.+)\/(\d{1,5})$/.exec(rule.to.trim());
    const read: ProxyRule = { proxy: rule.type, listen: listen === '*' ? null : listen, target: to?.[1] ?? '', port: to?.[2] ?? '' };
    if (!PARAMS.proxy(read.proxy) || !PARAMS.target(read.target) || !PARAMS.port(read.port)) return { read: false, reason: 'garbage' };
    mine.push(read);
  }
  return { read: true, rows: mine };
}

export interface StoreApp {
  name: string;
  family: string;
}

const App = z.object({ name: z.string(), family: z.string() });

/** Apple's packages from the Store that bring a multiplexer, by preference. */
export function readStoreApps(document: WindowsDocument): Section<StoreApp> {
  return document.section('apps', App);
}

/** Whether idle ports are switched off, on mains power and on battery; null when powercfg gave no answer. */
export function readSuspend(ran: Ran): { mains: number; battery: number } | null {
  if (ran.failure !== null || ran.exit !== 0) return null;
  const [mains, battery] = ran.stdout
    .split(/\r?\n/)
    .flatMap((l) => /\b0x([0-9a-f]{8})\b/i.exec(l)?.[1] ?? [])
    .slice(-2)
    .map((hex) => Number.parseInt(hex, 16));
  return mains === undefined || battery === undefined ? null : { mains, battery };
}

const State = z.object({
  Devices: z.array(z.object({ BusId: z.string().nullish(), InstanceId: z.string(), ClientIPAddress: z.string().nullish() })).max(256),
});

/** Devices that usbipd-win has handed on: where it finds them, and what Windows calls them. */
export function readUsbipd(
  ran: Ran,
): { read: true; attached: { busid: string; instance: string }[] } | { read: false; reason: FailReason } {
  if (ran.failure !== null) return { read: false, reason: ran.failure };
  let parsed: unknown;
  try {
    parsed = JSON.parse(ran.stdout);
  } catch {
    return { read: false, reason: 'garbage' };
  }
  const state = State.safeParse(parsed);
  if (!state.success) return { read: false, reason: 'garbage' };
  return {
    read: true,
    attached: state.data.Devices.flatMap((d) =>
      typeof d.BusId === 'string' && typeof d.ClientIPAddress === 'string' && PARAMS.busid(d.BusId)
        ? [{ busid: d.BusId, instance: d.InstanceId }]
        : [],
    ),
  };
}
