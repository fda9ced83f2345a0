import type { PlistDict } from '../machine/index.js';
import { pause } from './conversation.js';
import { DeviceError, MUX_RESULT, toDeviceError } from './errors.js';
import type { MuxRequestSent } from './mux-answer.js';
import { readAnswer, readMuxPlist } from './mux-answer.js';
import type { MuxDevice } from './mux-devices.js';
import { count, readAttached } from './mux-devices.js';
import type { MuxFrame } from './mux-frames.js';

/** Called in the order of events, never after `stop` has been awaited. They must not throw. */
export interface MuxListenHandlers {
  attached?(device: MuxDevice): void;
  /** `device` as it was told at its attach. Also for every phone of a connection that was lost. */
  detached?(device: MuxDevice): void;
  /** A pair record for this phone was saved. */
  paired?(device: MuxDevice): void;
  /** The daemon has accepted the listener. */
  up?(): void;
  /** The connection was lost or did not come about; the next try is in `retryMs`. */
  down?(error: DeviceError, retryMs: number): void;
}

export interface MuxListenOptions {
  signal?: AbortSignal | undefined;
  /** First pause before a new connection, ms; it doubles with each failure. */
  firstRetryMs?: number;
  /** Longest pause, ms. On Linux the socket is gone while no phone is attached, so this bounds how late a new phone is noticed. */
  maxRetryMs?: number;
  /** After this long a connection counts as good, and the pause starts small again, ms. */
  stableMs?: number;
  /** 0 to 1; replaced in tests. */
  random?: () => number;
}

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 15_000;
const STABLE_MS = 10_000;
/** Far more than a hub holds; a daemon that claims more is not one. */
const MAX_DEVICES = 256;

/** See MuxClient.listen. `start` opens a connection and sends Listen. */
export function listenToMux(
  start: (signal: AbortSignal) => Promise<MuxRequestSent>,
  handlers: MuxListenHandlers,
  options: MuxListenOptions & { replyMs: number },
): () => Promise<void> {
  const stopping = new AbortController();
  const onAbort = () => stopping.abort();
  if (options.signal?.aborted === true) stopping.abort();
  else options.signal?.addEventListener('abort', onAbort);
  const done = run(start, handlers, options, stopping.signal).finally(() => options.signal?.removeEventListener('abort', onAbort));
  return () => {
    stopping.abort();
    return done;
  };
}

async function run(
  start: (signal: AbortSignal) => Promise<MuxRequestSent>,
  handlers: MuxListenHandlers,
  options: MuxListenOptions & { replyMs: number },
  signal: AbortSignal,
): Promise<void> {
  const first = options.firstRetryMs ?? FIRST_RETRY_MS;
  const max = options.maxRetryMs ?? MAX_RETRY_MS;
  const random = options.random ?? Math.random;
  let failures = 0;
  while (!signal.aborted) {
    const devices = new Map<number, MuxDevice>();
    let upSince: number | null = null;
    const failure = await hear(start, handlers, devices, { replyMs: options.replyMs, signal, up: () => (upSince = performance.now()) });
    for (const device of devices.values()) if (!signal.aborted) handlers.detached?.(device);
    if (signal.aborted) return;
    const stable = upSince !== null && performance.now() - upSince >= (options.stableMs ?? STABLE_MS);
    failures = stable ? 0 : failures + 1;
    // Half of the pause is left to chance: the agents of a whole company must not come back in step.
    const whole = Math.min(max, first * 2 ** Math.min(30, Math.max(0, failures - 1)));
    const retryMs = Math.round(whole / 2 + (random() * whole) / 2);
    handlers.down?.(failure, retryMs);
    await pause(retryMs, signal);
  }
}

/** One connection, until it fails; the failure is returned. */
async function hear(
  start: (signal: AbortSignal) => Promise<MuxRequestSent>,
  handlers: MuxListenHandlers,
  devices: Map<number, MuxDevice>,
  { replyMs, signal, up }: { replyMs: number; signal: AbortSignal; up: () => void },
): Promise<DeviceError> {
  const step = 'Listen';
  try {
    const { conversation, tag } = await start(signal);
    try {
      const answer = await readAnswer(conversation, { step, tag, ms: replyMs, signal });
      if (answer.result !== MUX_RESULT.ok)
        throw new DeviceError(step, answer.result === null ? { kind: 'garbage' } : { kind: 'mux', result: answer.result });
      up();
      handlers.up?.();
      for (;;) {
        // Silence is normal here: no phone moves. Whether the daemon still lives is for ListDevices to find out.
        const frame = await conversation.read({ step, ms: null, signal });
        tell(readEvent(step, frame), handlers, devices);
      }
    } finally {
      conversation.destroy();
    }
  } catch (error) {
    return toDeviceError(step, error);
  }
}

function readEvent(step: string, frame: MuxFrame): PlistDict {
  try {
    return readMuxPlist(frame);
  } catch (error) {
    throw new DeviceError(step, { kind: 'garbage' }, { cause: error });
  }
}

/** Passes one event on. Events of other kinds, and phones without a UDID, are passed over. */
function tell(event: PlistDict, handlers: MuxListenHandlers, devices: Map<number, MuxDevice>): void {
  if (event.MessageType === 'Attached') {
    const device = readAttached(event);
    if (device === null) return;
    if (devices.size >= MAX_DEVICES && !devices.has(device.deviceId))
      throw new DeviceError('Listen', { kind: 'too-large', bytes: devices.size + 1, limit: MAX_DEVICES });
    devices.set(device.deviceId, device);
    handlers.attached?.(device);
    return;
  }
  const id = count(event.DeviceID);
  const device = id === null ? undefined : devices.get(id);
  if (id === null || device === undefined) return;
  if (event.MessageType === 'Detached') {
    devices.delete(id);
    handlers.detached?.(device);
  } else if (event.MessageType === 'Paired') handlers.paired?.(device);
}
