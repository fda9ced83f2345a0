import type { FailReason, Reading } from '@lockstep/core/health';
import { z } from 'zod';
import { eventsOf } from './daemon.js';
import { field, type Section, type WindowsDocument } from './document.js';

type Block = Reading<'device-control'>['blocks'][number];

const Rule = z.object({ rule: z.string(), value: field.text, list: field.flag });
type Rule = z.infer<typeof Rule>;

const DAY_MS = 86_400_000;
/** Setup classes of USB devices and of what Apple's drivers make of a phone; and of portable devices, which is its photos only. */
const PHONE_CLASSES: ReadonlySet<string> = new Set(['{36fc9e60-c465-11cf-8056-444553540000}', '{88bae032-5a81-49f0-bc3d-a4ff138216d6}']);
const PORTABLE_CLASS = '{eec5ad98-8080-425f-922a-dabf3de3f69a}';
/** Hardware and compatible ids that a phone answers to: its own, the composite device's, and the multiplexer's interface. */
const PHONE_ID = /^USB\\(VID_05AC(&.*)?|COMPOSITE|CLASS_(00|FF|06)(&.*)?)$/i;

/**
 * Group Policy's device installation restrictions (learn.microsoft.com, "Manage device installation with Group Policy"; Intune writes the
 * same values) as far as they concern phones, and how many installations were refused within a day.
 */
export function readPolicies(
  document: WindowsDocument,
): { read: true; reading: Reading<'device-control'> } | { read: false; reason: FailReason } {
  const rules = document.section('policies', Rule);
  if (!rules.read) return rules;
  const refused = refusalsOf(document);
  if (!refused.read) return refused;
  return { read: true, reading: { blocks: blocksOf(rules.rows).slice(0, 32), refused: refused.rows.length } };
}

/** The restrictions alone, without what they refused: right before something is installed or switched on. */
export function readBlocks(document: WindowsDocument): Section<Block> {
  const rules = document.section('policies', Rule);
  return rules.read ? { read: true, rows: blocksOf(rules.rows) } : rules;
}

function blocksOf(rules: readonly Rule[]): Block[] {
  const on = (rule: string) => rules.some((r) => r.list !== true && r.rule.toLowerCase() === rule.toLowerCase() && r.value === '1');
  const listed = (rule: string) =>
    on(rule) ? rules.flatMap((r) => (r.list === true && r.rule === rule && r.value !== null ? [r.value] : [])) : [];
  const block = (rule: string, covers: Block['covers']): Block => ({ by: 'group-policy', rule: rule.slice(0, 128), covers });
  const allowed =
    listed('AllowDeviceIDs').some((id) => PHONE_ID.test(id)) ||
    listed('AllowDeviceClasses').some((c) => PHONE_CLASSES.has(c.toLowerCase()));
  return [
    ...(on('DenyUnspecified') && !allowed ? [block('DenyUnspecified', 'all')] : []),
    ...(on('DenyRemovableDevices') ? [block('DenyRemovableDevices', 'removable')] : []),
    ...listed('DenyDeviceIDs')
      .filter((id) => PHONE_ID.test(id))
      .map((id) => block(`DenyDeviceIDs ${id}`, 'phones')),
    ...listed('DenyInstanceIDs')
      .filter((id) => /^USB\\VID_05AC/i.test(id))
      // The instance holds a serial number.
      .map((id) => block(`DenyInstanceIDs ${id.split('\\').slice(0, 2).join('\\')}`, 'phones')),
    ...listed('DenyDeviceClasses').flatMap((c) =>
      PHONE_CLASSES.has(c.toLowerCase())
        ? [block(`DenyDeviceClasses ${c}`, 'phones')]
        : c.toLowerCase() === PORTABLE_CLASS
          ? [block(`DenyDeviceClasses ${c}`, 'removable')]
          : [],
    ),
    ...(on('RemovableStorageDevices Deny_All') ? [block('RemovableStorageDevices Deny_All', 'removable')] : []),
  ];
}

/**
 * Installations of Apple's devices that were refused: event 6423 of the security log, which administrators read, and
 * ERROR_DEVICE_INSTALL_BLOCKED (0xe0000248) in setupapi.dev.log, which everybody does. The same refusal stands in both: the larger count is
 * taken. One of them has to be readable.
 */
function refusalsOf(document: WindowsDocument): Section<true> {
  const events = eventsOf(document, 'refusals');
  const log = document.section('setupapi', z.string());
  if (!events.read && !log.read) return log;
  const told = events.read ? events.rows.filter((e) => e.id === 6423 && /^USB\\VID_05AC/i.test(e.of ?? '')).length : 0;
  const written = log.read ? refusedSections(log.rows, document) : 0;
  return { read: true, rows: Array.from({ length: Math.max(told, written) }, () => true) };
}

/** Sections of the log that are about an Apple device, began within a day, and were blocked. Their times are the computer's local ones. */
function refusedSections(lines: readonly string[], document: WindowsDocument): number {
  let mine = false;
  let recent = false;
  let counted = false;
  let refused = 0;
  for (const line of lines) {
    const head = /^>>>\s+\[(.*)/.exec(line);
    if (head) {
      mine = /USB\\VID_05AC/i.test(head[1] ?? '');
      recent = false;
      counted = false;
      continue;
    }
    const start = /^>>>\s+Section start (\d{4})\/(\d{2})\/(\d{2}) (\d{2}):(\d{2}):(\d{2})/.exec(line);
    if (start) {
      const [y = 0, mo = 1, d = 1, h = 0, mi = 0, s = 0] = start.slice(1).map(Number);
      const at = Date.UTC(y, mo - 1, d, h, mi, s) - document.aheadMin * 60_000;
      recent = document.at - at <= DAY_MS && at <= document.at + 60_000;
    } else if (mine && recent && !counted && /0x?e0000248/i.test(line)) {
      counted = true;
      refused++;
    }
  }
  return refused;
}
