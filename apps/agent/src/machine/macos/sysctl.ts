import type { FailReason, Reading } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import { failedEnd } from '../linux/index.js';
import type { Ran } from '../port.js';

/** `name: value` lines; sysctl ends with 1 when it does not know one of the names, and prints the others. */
function valuesOf(ran: Ran): Map<string, string> {
  const values = new Map<string, string>();
  for (const { line } of linesOf(ran.stdout)) {
    const m = /^([a-z][a-z0-9_.]{1,60}): (.*)$/.exec(line);
    if (m?.[1] && m[2] !== undefined && !values.has(m[1])) values.set(m[1], m[2].trim());
  }
  return values;
}

type Times = { read: true; startedAt: number; wokeAt: number | null } | { read: false; reason: FailReason };

/** Reads `sysctl kern.boottime kern.waketime`: `{ sec = 1795507200, usec = 0 } …`, ms since 1970. A wake at 0: it has not slept. */
export function readPowerTimes(ran: Ran): Times {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const values = valuesOf(ran);
  const at = (name: string) => {
    const sec = /\bsec = (\d{1,11}), usec = (\d{1,6})\b/.exec(values.get(name) ?? '');
    return sec ? Number(sec[1]) * 1_000 + Math.floor(Number(sec[2]) / 1_000) : null;
  };
  const startedAt = at('kern.boottime');
  if (startedAt === null || startedAt === 0) return { read: false, reason: 'garbage' };
  const wokeAt = at('kern.waketime');
  return { read: true, startedAt, wokeAt: wokeAt === 0 ? null : wokeAt };
}

/** As a reading. The kernel moves the start with the clock: to ten seconds, so that the same start is the same reading. */
export function powerReading(times: { startedAt: number; wokeAt: number | null }): Reading<'power-events'> {
  const rounded = (ms: number) => new Date(Math.round(ms / 10_000) * 10_000).toISOString();
  return { resumedAt: times.wokeAt === null ? null : rounded(times.wokeAt), startedAt: rounded(times.startedAt) };
}

export function parsePowerTimes(ran: Ran): DraftFact[] {
  const times = readPowerTimes(ran);
  if (!times.read) return [{ kind: 'power-events', subject: 'host', state: 'failed', reason: times.reason }];
  return [{ kind: 'power-events', subject: 'host', state: 'seen', reading: powerReading(times) }];
}

type Hardware = { read: true; reading: Reading<'host-os'> } | { read: false; reason: FailReason };

/**
 * Reads `sysctl hw.model hw.target hw.optional.arm64 kern.osproductversion kern.osversion`. Apple's feeds name Macs by board (`J314sAP`),
 * which is `hw.target` where there is one; older Intel Macs have their model alone.
 */
export function readHardware(ran: Ran): Hardware {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const values = valuesOf(ran);
  const version = values.get('kern.osproductversion');
  if (version === undefined || !/^\d{2}(\.\d{1,3}){0,2}$/.test(version)) return { read: false, reason: 'garbage' };
  const short = (name: string, form: RegExp) => {
    const value = values.get(name);
    return value !== undefined && form.test(value) ? value : null;
  };
  return {
    read: true,
    reading: {
      name: 'macOS',
      version,
      build: short('kern.osversion', /^[0-9A-Za-z]{4,12}$/),
      model: short('hw.target', /^[A-Za-z0-9]{2,32}$/) ?? short('hw.model', /^[A-Za-z0-9,]{2,32}$/),
      edition: null,
      arch: values.get('hw.optional.arm64') === '1' ? 'arm64' : 'x64',
      mediaFeatures: null,
    },
  };
}

export function parseHardware(ran: Ran): DraftFact[] {
  const hardware = readHardware(ran);
  if (!hardware.read) return [{ kind: 'host-os', subject: 'host', state: 'failed', reason: hardware.reason }];
  return [{ kind: 'host-os', subject: 'host', state: 'seen', reading: hardware.reading }];
}

/** Reads `sw_vers`: a tab after each colon; `ProductVersionExtra` is the letter of a background security improvement. Null: no answer. */
export function readSwVers(ran: Ran): { version: string; build: string | null } | null {
  if (failedEnd(ran) !== null || ran.exit !== 0) return null;
  const value = (key: string) => new RegExp(`^${key}:\\s+(\\S.*?)\\s*$`, 'm').exec(ran.stdout)?.[1];
  const version = value('ProductVersion');
  if (version === undefined || !/^\d{2}(\.\d{1,3}){0,2}$/.test(version)) return null;
  const extra = value('ProductVersionExtra');
  const build = value('BuildVersion');
  return {
    version: extra !== undefined && /^\([a-z]\)$/.test(extra) ? `${version} ${extra}` : version,
    build: build !== undefined && /^[0-9A-Za-z]{4,12}$/.test(build) ? build : null,
  };
}
