import type { FailReason, Reading } from '@lockstep/core/health';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { readCfgutilAnswer } from './cfgutil-answer.js';

type Devices = Reading<'configurator'>['devices'];

/** What cfgutil answered; `fails`: an error of its own, or no answer that means anything. */
export type Listed = { read: true; tool: 'answers' | 'fails'; devices: Devices } | { read: false; reason: FailReason };

/** The fact's own limit. */
const MAX_DEVICES = 64;

/** Reads `cfgutil --format JSON list`. A `Devices` list may name a phone that `Output` leaves out. */
export function readCfgutil(ran: Ran): Listed {
  const answer = readCfgutilAnswer(ran);
  if (answer.ended === 'unread') return { read: false, reason: answer.reason };
  // A list without JSON is none; one phone's trouble does not hide the others.
  const told = answer.ended === 'done' ? (ran.stdout.includes('{') ? answer : null) : ran.exit === 0 ? answer.partly : null;
  if (told === null) return { read: true, tool: 'fails', devices: [] };
  const named = [...told.devices, ...Object.keys(told.output)];
  const ecids = [...new Set(named.filter((e) => /^0x[0-9A-Fa-f]{1,16}$/.test(e)))];
  return { read: true, tool: 'answers', devices: ecids.slice(0, MAX_DEVICES).map((ecid) => ({ ecid, mode: modeOf(told.output[ecid]) })) };
}

function modeOf(device: unknown): string | null {
  const state = typeof device === 'object' && device !== null && 'bootedState' in device ? device.bootedState : undefined;
  return typeof state === 'string' && /^[\w .-]{1,32}$/.test(state) ? state : null;
}

/** The fact in cfgutil's list; whether Configurator itself runs is not in it. */
export function parseCfgutil(ran: Ran): DraftFact[] {
  const listed = readCfgutil(ran);
  if (!listed.read) return [{ kind: 'configurator', subject: 'host', state: 'failed', reason: listed.reason }];
  const { tool, devices } = listed;
  return [{ kind: 'configurator', subject: 'host', state: 'seen', reading: { running: null, tool, devices } }];
}
