import type { FailReason } from '@lockstep/core/health';
import { z } from 'zod';
import type { Ran } from '../port.js';

/** What one section of a script says: its rows, or why there are none. */
export type Section<T = unknown> = { read: true; rows: T[] } | { read: false; reason: FailReason };

/** What a script says. A section that is not in it is `garbage`: it was asked for. */
export interface WindowsDocument {
  /** The computer's clock as the script saw it, ms since 1970. */
  at: number;
  /** What its local time is ahead of UTC, minutes. */
  aheadMin: number;
  section<T>(name: string, row: z.ZodType<T>): Section<T>;
}

/** A script's output, or why it is none. */
export type Document = { read: true; document: WindowsDocument } | { read: false; reason: FailReason };

const Outer = z.looseObject({ v: z.literal(1), at: z.string(), local: z.string().optional() });
const Failure = z.object({ why: z.string().nullish(), code: z.number().nullish() });

/**
 * Reads the one JSON object that each script writes. What stands before it (a banner of a logging policy, a warning) is passed over; an
 * object that is cut off is no answer, since half a list is a wrong list.
 */
export function readDocument(ran: Ran): Document {
  if (ran.failure) return { read: false, reason: ran.failure };
  const parsed = parseObject(ran.stdout);
  const outer = Outer.safeParse(parsed);
  if (!outer.success) return { read: false, reason: emptyReason(ran) };
  const at = instantOf(outer.data.at);
  if (at === null) return { read: false, reason: 'garbage' };
  const body: Record<string, unknown> = outer.data;
  return {
    read: true,
    document: {
      at,
      aheadMin: aheadOf(outer.data.local ?? ''),
      section: (name, row) => sectionOf(Object.hasOwn(body, name) ? body[name] : undefined, row),
    },
  };
}

/** A program that is forbidden by policy ends with ERROR_ACCESS_DISABLED_BY_POLICY or ERROR_ACCESS_DENIED (winerror.h). */
const FORBIDDEN: ReadonlySet<number> = new Set([5, 1260]);

function emptyReason(ran: Ran): FailReason {
  return ran.stdout.trim() === '' && ran.exit !== null && FORBIDDEN.has(ran.exit) ? 'denied' : 'garbage';
}

function parseObject(stdout: string): unknown {
  const text = stdout.replace(/^\ufeff/, '');
  for (const at of [...text.matchAll(/^\s*\{/gm)].map((m) => m.index)) {
    try {
      return JSON.parse(text.slice(at).trim());
    } catch {
      // A line of a banner may begin with a brace.
    }
  }
  return undefined;
}

function sectionOf<T>(raw: unknown, row: z.ZodType<T>): Section<T> {
  const body = z.looseObject({}).safeParse(raw);
  if (!body.success) return { read: false, reason: 'garbage' };
  if (!('ok' in body.data)) {
    const failure = Failure.safeParse(raw);
    return failure.success ? failureOf(failure.data.why ?? '', failure.data.code ?? null) : { read: false, reason: 'garbage' };
  }
  const rows = listOf(body.data.ok).map((r) => row.safeParse(plain(r)));
  if (rows.some((r) => !r.success)) return { read: false, reason: 'garbage' };
  return { read: true, rows: rows.flatMap((r) => (r.success ? [r.data] : [])) };
}

/**
 * PowerShell 5.1 writes one element instead of a list of one, and wraps lists that passed through an extended type into
 * `{"value":[…],"Count":n}`.
 */
function listOf(raw: unknown): unknown[] {
  if (raw === null || raw === undefined) return [];
  if (Array.isArray(raw)) return raw.filter((r) => r !== null);
  const wrapped = z.object({ value: z.array(z.unknown()), Count: z.number() }).safeParse(raw);
  return wrapped.success ? listOf(wrapped.data.value) : [raw];
}

/** Text that came out of a file carries where it came from: `{"value":"…","PSPath":…}`. */
function plain(raw: unknown): unknown {
  const wrapped = z.looseObject({ value: z.string(), PSPath: z.unknown() }).safeParse(raw);
  return wrapped.success ? wrapped.data.value : raw;
}

/** Error ids of cmdlets (FullyQualifiedErrorId) that say "nothing there" or "no such thing here": they are never translated. */
const NOTHING = /^(NoMatchingEventsFound|CmdletizationQuery_NotFound|PathNotFound|ItemNotFound|GetAcl_PathNotFound|ObjectNotFound)/;
const NOT_HERE =
  /^(CommandNotFoundException|CouldNotAutoLoadModule|NoMatchingLogsFound|NoMatchingProvidersFound|CmdletizationQuery_ClassNotFound)|80041010|8004100e/i;
const DENIED = /80070005|80041003|UnauthorizedAccess|AccessDenied|PermissionDenied|Permission_?Denied/i;

/** HRESULTs of winerror.h and wbemcli.h. */
function failureOf(why: string, code: number | null): Section<never> {
  const failed = (reason: FailReason): Section<never> => ({ read: false, reason });
  const hresult = code === null ? 0 : code >>> 0;
  if (hresult === 0x8007_0005 || hresult === 0x8004_1003 || DENIED.test(why)) return failed('denied');
  if (NOTHING.test(why)) return { read: true, rows: [] };
  // ERROR_EVT_CHANNEL_NOT_FOUND, WBEM_E_INVALID_CLASS, WBEM_E_INVALID_NAMESPACE.
  if ([0x8007_3a9f, 0x8004_1010, 0x8004_100e].includes(hresult) || NOT_HERE.test(why)) return failed('unsupported');
  // RPC_S_SERVER_UNAVAILABLE and ERROR_SERVICE_NOT_ACTIVE: the service that would know is off.
  if ([0x8007_06ba, 0x8007_0426, 0x8007_0422].includes(hresult)) return failed('unreachable');
  if (hresult === 0x8007_05b4 || /timeout/i.test(why)) return failed('timeout');
  return failed('io');
}

/** A date as the scripts write it (ISO 8601) or as PowerShell does by itself (`/Date(1795510800000)/`), ms; null for anything else. */
export function instantOf(raw: string): number | null {
  const net = /^\/Date\((-?\d{1,15})\)\/$/.exec(raw)?.[1];
  const ms =
    net === undefined ? (/^\d{4}-\d{2}-\d{2}T/.test(raw) ? Date.parse(raw.replace(/(\.\d{3})\d+/, '$1')) : Number.NaN) : Number(net);
  // 1601 is Windows' way to say "never".
  return Number.isFinite(ms) && ms > 0 && ms < 4_102_444_800_000 ? ms : null;
}

function aheadOf(local: string): number {
  const m = /([+-])(\d{2}):(\d{2})$/.exec(local);
  return m ? (m[1] === '-' ? -1 : 1) * (Number(m[2]) * 60 + Number(m[3])) : 0;
}

/** Rows of the scripts, as lenient as PowerShell's types are: numbers come as numbers or digits, lists as one element. */
export const field = {
  text: z
    .union([z.string(), z.number().transform(String)])
    .nullish()
    .transform((v) => (v === undefined || v === null || v.trim() === '' ? null : v.trim())),
  number: z
    .union([z.number(), z.string()])
    .nullish()
    .transform((v) => {
      const n = typeof v === 'string' ? (/^-?\d{1,15}$/.test(v.trim()) ? Number(v.trim()) : null) : (v ?? null);
      return n !== null && Number.isSafeInteger(n) ? n : null;
    }),
  flag: z
    .union([z.boolean(), z.number().transform((n) => n !== 0)])
    .nullish()
    .transform((v) => v ?? null),
  instant: z
    .string()
    .nullish()
    .transform((v) => (typeof v === 'string' ? instantOf(v) : null)),
  texts: z
    .union([z.array(z.unknown()), z.string()])
    .nullish()
    .transform((v) => (Array.isArray(v) ? v : [v]).filter((t): t is string => typeof t === 'string' && t !== '')),
};

/** The section's rows, or nothing when it could not be read: for what is only said beside an answer. */
export function rowsOr<T>(section: Section<T>): T[] {
  return section.read ? section.rows : [];
}

/** A number that the facts can hold as a count; null otherwise. */
export function countOf(n: number | null): number | null {
  return n !== null && n >= 0 && n <= 1_000_000_000 ? n : null;
}
