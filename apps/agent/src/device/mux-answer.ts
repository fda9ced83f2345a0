import type { PlistDict } from '../machine/index.js';
import { parsePlistDict } from '../machine/index.js';
import type { Conversation } from './conversation.js';
import { DeviceError } from './errors.js';
import { count } from './mux-devices.js';
import type { MuxFrame } from './mux-frames.js';
import { MUX_MESSAGE, MUX_VERSION } from './mux-frames.js';

/** A request on its way: the connection it was sent on, and the tag its answer has to carry. */
export interface MuxRequestSent {
  conversation: Conversation<MuxFrame>;
  tag: number;
}

/** An answer: a result number, a message, or a message that is a result. */
export interface MuxAnswer {
  result: number | null;
  message: PlistDict | null;
}

/**
 * The answer that carries our tag. Answers with another tag and events that slip in are passed over until the time is up; a daemon that
 * only ever sends those has not answered.
 */
export async function readAnswer(
  conversation: Conversation<MuxFrame>,
  { step, tag, ms, signal }: { step: string; tag: number; ms: number; signal?: AbortSignal | undefined },
): Promise<MuxAnswer> {
  const until = performance.now() + ms;
  for (;;) {
    const frame = await conversation.read({ step, ms: Math.max(0, until - performance.now()), signal });
    if (frame.tag !== tag) continue;
    try {
      const answer = readFrame(frame);
      if (answer !== null) return answer;
    } catch (error) {
      const failure = new DeviceError(step, { kind: 'garbage' }, { cause: error });
      conversation.destroy(failure);
      throw failure;
    }
  }
}

const EVENTS = new Set(['Attached', 'Detached', 'Paired']);

/** Null for an event; throws what it cannot read. */
function readFrame(frame: MuxFrame): MuxAnswer | null {
  if (frame.version === MUX_VERSION.binary && frame.message === MUX_MESSAGE.result && frame.body.length === 4) {
    return { result: frame.body.readUInt32LE(0), message: null };
  }
  const message = readMuxPlist(frame);
  if (typeof message.MessageType === 'string' && EVENTS.has(message.MessageType)) return null;
  if (message.MessageType === 'Result') return { result: count(message.Number) ?? notAnAnswer(), message };
  return { result: null, message };
}

/** The property list of a frame; throws what it cannot read. */
export function readMuxPlist(frame: MuxFrame): PlistDict {
  if (frame.version !== MUX_VERSION.plist || frame.message !== MUX_MESSAGE.plist) notAnAnswer();
  return parsePlistDict(frame.body);
}

function notAnAnswer(): never {
  throw new Error('not an answer');
}
