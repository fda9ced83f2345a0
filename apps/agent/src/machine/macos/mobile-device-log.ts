import { LOCKDOWN_ERRORS } from '@lockstep/core/codes';
import { normaliseUdid, type Reading, type Udid } from '@lockstep/core/health';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { type LogEntry, readUnifiedLog } from './unified-log.js';

/** The command's own window (`--last`), s. */
export const DEVICE_LOG_WINDOW_S = 1_800;

type History = Reading<'mux-history'>;

/** What the programs around the multiplexer wrote down. */
export interface DeviceLog {
  phones: Map<Udid, History>;
  /** When each program last wrote that a phone came, ms since 1970. */
  sawPhone: Map<string, number>;
  /** When one of them last refused a phone because it is newer than this Mac's support for phones, ms since 1970. */
  tooNewAt: number | null;
}

const UDID = /\b([0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}|[0-9a-f]{40})\b/;

/** Reads usbmuxd's, AMPDevices' and MobileDeviceUpdater's lines. Errors are known by their numbers; of texts only names of functions are read. */
export function readDeviceLog(entries: readonly LogEntry[]): DeviceLog {
  const phones = new Map<Udid, History>();
  const sawPhone = new Map<string, number>();
  let tooNewAt: number | null = null;
  for (const { at, process, message } of entries) {
    if (/\b_AMMuxedVersion2DeviceConnected\b/.test(message)) sawPhone.set(process, at);
    // kAMDDeviceTooNewError (MobileDevice.framework; ios-deploy's errors.h).
    if (/\b0xe800006a\b/i.test(message)) tooNewAt = Math.max(tooNewAt ?? 0, at);
    const udid = normaliseUdid(UDID.exec(message)?.[1] ?? '');
    if (!udid) continue;
    const code = codeIn(message);
    const claimed = process === 'usbmuxd' && /\b0xe00002c5\b/i.test(message);
    if (code === null && !claimed) continue;
    const before = phones.get(udid) ?? {
      windowS: DEVICE_LOG_WINDOW_S,
      preflightDropped: false,
      claimFailed: false,
      recordRemoved: 0,
      code: null,
    };
    // 0xe00002c5 is kIOReturnExclusiveAccess: somebody else has opened the interface (IOReturn.h).
    phones.set(udid, { ...before, code: code ?? before.code, claimFailed: before.claimFailed || claimed });
  }
  return { phones, sawPhone, tooNewAt };
}

/** lockdownd's own number, or the one that stands for MobileDevice's (0xe80000…) in lockdown's table. */
function codeIn(message: string): number | null {
  const own = /lockdown error (-\d{1,3})\b/i.exec(message)?.[1];
  if (own !== undefined) return Number(own);
  const wide = /\b0xe80000([0-9a-f]{2})\b/i.exec(message)?.[1];
  if (wide === undefined) return null;
  const number = 0xe800_0000 + Number.parseInt(wide, 16);
  return Object.values(LOCKDOWN_ERRORS).find((e) => e.twin === number)?.code ?? null;
}

/** The facts in the log, for each phone it names. */
export function parseDeviceLog(ran: Ran): DraftFact[] {
  const log = readUnifiedLog(ran);
  if (!log.read) return [];
  return [...readDeviceLog(log.entries).phones].map(([udid, reading]) => ({
    kind: 'mux-history',
    subject: { udid },
    state: 'seen',
    reading,
  }));
}
