import type { PlistDict } from '../machine/index.js';
import { type DeviceFailure, toDeviceError } from './errors.js';
import type { ServiceConnection } from './service-connection.js';

/** Over Wi-Fi a phone hangs up on a computer that does not answer here (usbmuxd2 WIFIDevice.cpp, pymobiledevice3 heartbeat.py). */
export const HEARTBEAT_SERVICE = 'com.apple.mobile.heartbeat';

/** What a phone says: Marco, to be answered with Polo within its interval; or that it goes to sleep. */
export type HeartbeatMessage = { says: 'marco'; intervalMs: number } | { says: 'sleep' };

/** How keeping the heart beating ended: `stopped` by us, `asleep` by the phone's own word, or `lost`. */
export type HeartbeatEnd = { end: 'stopped' | 'asleep'; beats: number } | { end: 'lost'; beats: number; failure: DeviceFailure };

export interface KeepBeatingOptions {
  /** Ends it. */
  signal: AbortSignal;
  /** A beat was answered. Must not throw. */
  onBeat?: (beats: number) => void;
  /** How late a Marco may be, ms. */
  graceMs?: number;
}

/** usbmuxd2 waits as long for a beat; a phone's first comes at once. */
const FIRST_MS = 15_000;
const GRACE_MS = 5_000;
/** Phones were seen to name ten seconds. What is out of bounds is taken as the bound: an interval only says how long to be patient. */
const INTERVAL_S = { usual: 10, min: 1, max: 600 };

/** Reads a message of the heartbeat service; null for one that means nothing here. */
export function readHeartbeat(message: PlistDict): HeartbeatMessage | null {
  if (message.Command === 'SleepyTime') return { says: 'sleep' };
  if (message.Command !== 'Marco') return null;
  const { Interval: said } = message;
  const seconds = typeof said === 'number' && Number.isFinite(said) ? said : INTERVAL_S.usual;
  return { says: 'marco', intervalMs: Math.min(INTERVAL_S.max, Math.max(INTERVAL_S.min, seconds)) * 1_000 };
}

/**
 * Answers a phone's heartbeat until it is stopped, the phone goes to sleep, or the connection is lost; closes the connection in every
 * case. A Wi-Fi session lives as long as this runs. Never rejects; nothing is opened anew here.
 */
export async function keepBeating(connection: ServiceConnection, options: KeepBeatingOptions): Promise<HeartbeatEnd> {
  const step = 'heartbeat';
  let beats = 0;
  let ms = FIRST_MS;
  try {
    for (;;) {
      const message = readHeartbeat(await connection.hear({ step, ms, signal: options.signal }));
      if (message?.says === 'sleep') return { end: 'asleep', beats };
      if (message === null) continue;
      connection.tell(step, { Command: 'Polo' });
      beats++;
      ms = message.intervalMs + (options.graceMs ?? GRACE_MS);
      options.onBeat?.(beats);
    }
  } catch (error) {
    const { failure } = toDeviceError(step, error);
    return options.signal.aborted ? { end: 'stopped', beats } : { end: 'lost', beats, failure };
  } finally {
    connection.close();
  }
}
