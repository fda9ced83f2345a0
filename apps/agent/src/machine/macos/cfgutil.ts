import type { FailReason, Reading } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import { failedEnd } from '../linux/index.js';
import type { Ran } from '../port.js';

type Devices = Reading<'configurator'>['devices'];

/** What cfgutil answered; `fails`: an error of its own, or no answer that means anything. */
export type Listed = { read: true; tool: 'answers' | 'fails'; devices: Devices } | { read: false; reason: FailReason };

/** The fact's own limit. */
const MAX_DEVICES = 64;

/**
 * Reads `cfgutil --format JSON list`. The last line of stdout that is an object with a `Type` is the result; earlier ones tell progress. An
 * exit code of 1 comes with valid output too: output whose `Errors` are empty is success. A `Devices` list may name a phone that `Output`
 * leaves out.
 */
export function readCfgutil(ran: Ran): Listed {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const result = resultOf(ran.stdout);
  if (result?.Type !== 'CommandOutput') return { read: true, tool: 'fails', devices: [] };
  const output = isObject(result.Output) ? result.Output : {};
  const errors = isObject(output.Errors) ? Object.values(output.Errors).filter((e) => isObject(e) && Object.keys(e).length > 0) : [];
  if (ran.exit !== 0 && errors.length > 0) return { read: true, tool: 'fails', devices: [] };
  const named = Array.isArray(result.Devices) ? result.Devices.filter((d) => typeof d === 'string') : [];
  const ecids = [...new Set([...named, ...Object.keys(output)].filter((e) => /^0x[0-9A-Fa-f]{1,16}$/.test(e)))];
  const devices = ecids.slice(0, MAX_DEVICES).map((ecid) => ({ ecid, mode: modeOf(output[ecid]) }));
  return { read: true, tool: 'answers', devices };
}

function resultOf(stdout: string): Record<string, unknown> | null {
  for (const { line } of linesOf(stdout).reverse()) {
    const at = line.indexOf('{');
    if (at < 0) continue;
    try {
      const value: unknown = JSON.parse(line.slice(at));
      if (isObject(value) && typeof value.Type === 'string' && value.Type !== 'Progress') return value;
    } catch {
      // Plain text, which some commands print in between.
    }
  }
  return null;
}

function modeOf(device: unknown): string | null {
  const state = isObject(device) ? device.bootedState : undefined;
  return typeof state === 'string' && /^[\w .-]{1,32}$/.test(state) ? state : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fact in cfgutil's list; whether Configurator itself runs is not in it. */
export function parseCfgutil(ran: Ran): DraftFact[] {
  const listed = readCfgutil(ran);
  if (!listed.read) return [{ kind: 'configurator', subject: 'host', state: 'failed', reason: listed.reason }];
  const { tool, devices } = listed;
  return [{ kind: 'configurator', subject: 'host', state: 'seen', reading: { running: null, tool, devices } }];
}
