import { printable } from '@lockstep/core/health';
import { AgentEnvelope, AgentMessage, LIMITS } from '@lockstep/core/protocol';
import type { z } from 'zod';
import { fieldName } from '../platform/index.js';

/** What one frame of an authenticated agent holds. */
export type Frame =
  | { kind: 'message'; envelope: AgentEnvelope; message: AgentMessage }
  /** A type that a later version may know: counted, acknowledged, otherwise ignored. */
  | { kind: 'unknown'; envelope: AgentEnvelope }
  /** Not acceptable. Without an envelope there is nothing to acknowledge. */
  | { kind: 'bad'; envelope: AgentEnvelope | null; field: string; reason: string };

const KNOWN: ReadonlySet<string> = new Set(AgentMessage.options.map((o) => o.shape.type.value));

/**
 * Reads one frame. Depth is measured on the text before anything walks the value: a schema recurses, and PostgreSQL gives up on deep
 * JSON (54001). V8's own JSON parser does not recurse, so the envelope of a frame that is too deep can still be read and acknowledged.
 */
export function readFrame(text: string): Frame {
  const tooDeep = depthOf(text) > LIMITS.depth;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: 'bad', envelope: null, field: '(frame)', reason: 'is not JSON' };
  }
  const envelope = AgentEnvelope.safeParse(json);
  if (!envelope.success) return { kind: 'bad', envelope: null, ...firstIssue(envelope.error) };
  if (tooDeep) return { kind: 'bad', envelope: envelope.data, field: '(frame)', reason: `is nested deeper than ${LIMITS.depth} levels` };
  if (!KNOWN.has(envelope.data.type)) return { kind: 'unknown', envelope: envelope.data };
  const message = AgentMessage.safeParse(json);
  if (!message.success) return { kind: 'bad', envelope: envelope.data, ...firstIssue(message.error) };
  return { kind: 'message', envelope: envelope.data, message: message.data };
}

/** Deepest nesting of arrays and objects in a JSON text; brackets inside strings do not count. Any text has an answer. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > deepest) deepest = depth;
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
  return deepest;
}

/** The first field that a schema refused, and why, as short text that is safe to store and print. */
export function firstIssue(error: z.ZodError): { field: string; reason: string } {
  const issue = deepest(error.issues);
  return {
    field: printable(fieldName(issue?.path ?? [], '(frame)')).slice(0, 200),
    reason: printable(issue?.message ?? 'is not valid').slice(0, 200),
  };
}

type Issue = z.core.$ZodIssue;

/** Inside a union the branch that got furthest says most about what is wrong. */
function deepest(issues: readonly Issue[]): Issue | undefined {
  const first = issues[0];
  if (first?.code !== 'invalid_union') return first;
  let best: Issue | undefined;
  for (const branch of first.errors) {
    const inner = deepest(branch);
    if (inner && (best === undefined || inner.path.length > best.path.length)) best = inner;
  }
  return best === undefined || best.path.length === 0 ? first : { ...best, path: [...first.path, ...best.path] };
}
