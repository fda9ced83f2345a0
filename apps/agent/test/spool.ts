import { Outbox, type OutboxOptions } from '../src/link/outbox.js';
import type { FakeDisk } from './fake-disk.js';

/** Words of outbox tests: a spool on a disk in memory, and the smallest messages of each sort. */

export const AT = '2026-11-24T09:00:00.000Z';
const HOST = '0e0a8f6c-6f0b-4f6e-9d0a-1f2e3d4c5b6a';
const PHONES = ['00008110-001A2B3C4D5E801E', '00008120-000A2B3C4D5E801F', '00008130-000A2B3C4D5E8020'];

export function open(disk: FakeDisk, more: Partial<OutboxOptions> = {}): Outbox {
  let ms = 0;
  return Outbox.open({ path: 'spool', hostId: HOST, disk, monotonic: () => (ms += 10_000), ...more });
}
export const fact = (phone: number, reason: 'timeout' | 'refused' | 'closed' = 'timeout') => ({
  kind: 'lockdown' as const,
  subject: { udid: PHONES[phone] ?? '' },
  state: 'failed' as const,
  reason,
  at: AT,
  probe: 'lockdown',
  tookMs: 1,
});
export const facts = (...phones: number[]) => ({ type: 'facts' as const, full: false, facts: phones.map((p) => fact(p)) });
export const full = (...phones: number[]) => ({ ...facts(...phones), full: true });
export const still = { type: 'still' as const, except: [] };
export const receipt = (n = 0) => ({ type: 'fix.received' as const, runId: `5f6b0c1e-8a77-4c2b-9f3d-${String(n).padStart(12, '0')}` });
/** Puts everything that the window allows on the wire. */
export const drain = (box: Outbox) => {
  const out: { seq: number; type: string }[] = [];
  for (let m = box.next(); m; m = box.next()) out.push({ seq: m.seq, type: JSON.parse(m.text).type });
  return out;
};
