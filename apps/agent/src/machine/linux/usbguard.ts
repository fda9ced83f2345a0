import type { Reading } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { failedEnd } from './journal.js';

type Blocks = Reading<'device-control'>['blocks'];

/** The fact holds so many blocks. */
const MAX_BLOCKS = 32;

export type Guarded = { read: true; blocks: Blocks } | { read: false; reason: NonNullable<Ran['failure']> };

/**
 * Reads `usbguard list-devices --blocked` (usbguard(1)): `7: block id 05ac:12a8 serial "…" name "iPhone" …`. The rule is told as target and
 * vendor and product id: the serial number in the line is the phone's and is left out.
 */
export function readUsbguard(ran: Ran): Guarded {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  if (ran.exit !== 0) {
    const said = ran.stdout + ran.stderr;
    if (/permission|not permitted|access denied/i.test(said)) return { read: false, reason: 'denied' };
    return { read: false, reason: /connection|ipc|not running|no such file/i.test(said) ? 'unreachable' : 'garbage' };
  }
  const blocks: Blocks = [];
  let bad = 0;
  for (const { line, whole } of linesOf(ran.stdout)) {
    if (line.trim() === '') continue;
    const m = /^\d+: (block|reject) id ([0-9a-f]{4}):([0-9a-f]{4})/i.exec(line.trim());
    if (m) blocks.push({ by: 'usbguard', rule: `${m[1]} id ${m[2]}:${m[3]}`.toLowerCase(), covers: coversOf(m[2] ?? '', m[3] ?? '') });
    else if (whole) bad++;
  }
  if (bad > blocks.length) return { read: false, reason: 'garbage' };
  return { read: true, blocks: blocks.filter((b) => b.covers === 'phones').slice(0, MAX_BLOCKS) };
}

function coversOf(vendor: string, product: string): Blocks[number]['covers'] {
  const id = Number.parseInt(product, 16);
  return vendor.toLowerCase() === '05ac' && id >= 0x1290 && id <= 0x12af ? 'phones' : 'unknown';
}

/** The fact in usbguard's list alone. */
export function parseUsbguard(ran: Ran): DraftFact[] {
  const guarded = readUsbguard(ran);
  return guarded.read
    ? [{ kind: 'device-control', subject: 'host', state: 'seen', reading: { blocks: guarded.blocks, refused: guarded.blocks.length } }]
    : [{ kind: 'device-control', subject: 'host', state: 'failed', reason: guarded.reason }];
}
