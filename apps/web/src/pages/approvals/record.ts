import { type ConsentWay, type RecordLack, recordLacks } from '@lockstep/core/fixes';
import type { AskRecord } from '../../live/index.js';
import { WORDS } from './words.js';

/** The form as it is typed; `at` as the browser's `datetime-local` writes it, in local time. */
export interface RecordFields {
  holder: string;
  how: ConsentWay;
  at: string;
  lossAcceptedBy: string;
}
export type RecordErrors = Partial<Record<keyof RecordFields, string>>;

const FIELD: Record<RecordLack, keyof RecordFields> = {
  'needs-consent': 'at',
  'consent-in-future': 'at',
  'consent-too-old': 'at',
  'needs-backup-or-loss-accepted': 'lossAcceptedBy',
};

/** What `datetime-local` shows for this moment (ms), in local time, to the minute. */
export function localMinute(ms: number): string {
  const d = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
}

/**
 * What is sent, or what is wrong with it, by field. The same rule that the server asks.
 * @param backupAt when the last backup finished, from the facts, ms
 */
export function readRecord(f: RecordFields, backupAt: number | null, now: number): { record: AskRecord } | { errors: RecordErrors } {
  const at = f.at === '' ? Number.NaN : new Date(f.at).getTime();
  const lossAcceptedBy = f.lossAcceptedBy.trim();
  const lack = recordLacks({ consentAt: Number.isNaN(at) ? null : at, lossAccepted: lossAcceptedBy !== '', backupAt }, now);
  const errors: RecordErrors = {
    ...(f.holder.trim() === '' ? { holder: WORDS.required } : {}),
    ...(lack === null ? {} : { [FIELD[lack]]: WORDS.lacks[lack] }),
  };
  if (Object.keys(errors).length > 0) return { errors };
  return {
    record: {
      consent: { holder: f.holder.trim(), how: f.how, at: new Date(at).toISOString() },
      ...(lossAcceptedBy === '' ? {} : { lossAcceptedBy }),
    },
  };
}

/**
 * Whether the approver has to name the phone's ECID: UDIDs of phones before the A12 do not hold it. Only an order names the phone by it;
 * whoever does the steps of a guided run has the phone in hand.
 */
export function asksEcid(run: { kind: 'order' | 'guided'; udid: string | null; approval?: { needs: string } | null | undefined }): boolean {
  return run.kind === 'order' && run.approval?.needs === 'second-person' && run.udid !== null && !run.udid.includes('-');
}
