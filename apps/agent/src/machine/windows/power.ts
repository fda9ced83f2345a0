import type { FailReason, Reading } from '@lockstep/core/health';
import { z } from 'zod';
import type { WindowsDocument } from './document.js';

/** Win32_Battery's BatteryStatus: 1 is "discharging", 4 "low" and 5 "critical"; every other number has mains power (learn.microsoft.com). */
const DISCHARGING: ReadonlySet<number> = new Set([1, 4, 5]);

/** What the batteries say; a computer without one is on mains power. */
export function readPower(
  document: WindowsDocument,
): { read: true; reading: Reading<'power-source'> } | { read: false; reason: FailReason } {
  const batteries = document.section('batteries', z.object({ status: z.number() }));
  if (!batteries.read) return batteries;
  return { read: true, reading: { mains: !batteries.rows.some((b) => DISCHARGING.has(b.status)) } };
}
