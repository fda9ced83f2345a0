import type { Duplex } from 'node:stream';
import { DeviceError, toDeviceError } from './errors.js';

/** What cuts the frames of one protocol: MuxFrames, LockdownFrames. */
export interface FrameSource<F> {
  feed(chunk: Uint8Array): void;
  next(): F | null;
  rest(): Buffer;
  readonly midFrame: boolean;
}

/** How long a step may take, and who may stop it. */
export interface Patience {
  /** Named in the error. */
  step: string;
  /** Milliseconds from now; null waits for ever, for a stream of events. */
  ms: number | null;
  signal?: AbortSignal | undefined;
}

/**
 * Waits for `start` to settle, for at most `ms`. `start` gets functions to settle with and returns how to let go of what it holds;
 * that is called exactly once, however it ends. Rejects with DeviceError only.
 */
export function within<T>(
  { step, ms, signal }: Patience,
  start: (resolve: (value: T) => void, reject: (error: DeviceError) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new DeviceError(step, { kind: 'aborted' }));
      return;
    }
    let settled = false;
    let letGo: (() => void) | null = null;
    const settle = (end: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      letGo?.();
      end();
    };
    const fail = (error: DeviceError) => settle(() => reject(error));
    const onAbort = () => fail(new DeviceError(step, { kind: 'aborted' }));
    const timer = ms === null ? undefined : setTimeout(() => fail(new DeviceError(step, { kind: 'timeout' })), ms);
    signal?.addEventListener('abort', onAbort);
    letGo = start((value) => settle(() => resolve(value)), fail);
    // `start` may have settled before it returned.
    if (settled) letGo();
  });
}

/** Waits, unless stopped: false when the signal came first. */
export function pause(ms: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const done = (whole: boolean) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(whole);
    };
    const onAbort = () => done(false);
    const timer = setTimeout(() => done(true), ms);
    signal?.addEventListener('abort', onAbort);
  });
}

/**
 * One conversation in frames over a stream: reads a frame at a time and leaves the stream paused in between, so that a peer who
 * floods us fills its own buffers and not ours. One reader at a time. Every failure closes the stream: after a late or broken answer
 * nobody knows which question the next answer belongs to.
 */
export class Conversation<F> {
  #ended: DeviceError | null = null;
  #wake: (() => void) | null = null;
  #released = false;

  constructor(
    private readonly stream: Duplex,
    private readonly frames: FrameSource<F>,
  ) {
    stream.pause();
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    stream.on('close', this.#onEnd);
    stream.on('error', this.#onError);
    // Attaching a data listener sets a fresh stream flowing; nobody reads yet.
    stream.pause();
  }

  /** Sends bytes. Does not wait for them to be taken: who does not read does not answer either, and answers have deadlines. */
  send(step: string, bytes: Uint8Array): void {
    this.#check(step);
    this.stream.write(bytes);
  }

  /** The next frame. */
  async read(patience: Patience): Promise<F> {
    this.#check(patience.step, true);
    try {
      return await within<F>(patience, (resolve, reject) => {
        const look = () => {
          try {
            const frame = this.frames.next();
            if (frame !== null) resolve(frame);
            else if (this.#ended !== null) reject(new DeviceError(patience.step, this.#ended.failure, { cause: this.#ended }));
            else this.stream.resume();
          } catch (error) {
            reject(new DeviceError(patience.step, toDeviceError(patience.step, error).failure, { cause: error }));
          }
        };
        this.#wake = look;
        look();
        return () => {
          this.#wake = null;
          this.stream.pause();
        };
      });
    } catch (error) {
      this.destroy(toDeviceError(patience.step, error));
      throw error;
    }
  }

  /** Ends the conversation but not the stream: gives it back, paused, with the bytes after the last frame put back in. */
  release(): Duplex {
    this.#released = true;
    this.#detach();
    const rest = this.frames.rest();
    if (rest.length > 0) this.stream.unshift(rest);
    // Until the next owner listens, an error must not end the process; that owner sees the stream destroyed.
    this.stream.on('error', ignore);
    return this.stream;
  }

  /** Closes the stream. Safe to call at any time and more than once; after `release` it does nothing. */
  destroy(reason?: DeviceError): void {
    if (this.#released) return;
    this.#ended ??= reason ?? new DeviceError('connection', { kind: 'closed' });
    this.#detach();
    this.stream.on('error', ignore);
    this.stream.destroy();
    this.#wake?.();
  }

  /** Whether the conversation is over. */
  get over(): boolean {
    return this.#released || this.#ended !== null || this.stream.destroyed;
  }

  #check(step: string, framesMayWait = false): void {
    if (this.#released) throw new DeviceError(step, { kind: 'closed' });
    if (this.#ended !== null && !framesMayWait) throw new DeviceError(step, this.#ended.failure, { cause: this.#ended });
    if (this.#ended === null && this.stream.destroyed) this.#onEnd();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.stream.pause();
    try {
      this.frames.feed(chunk);
    } catch (error) {
      this.#ended ??= toDeviceError('connection', error);
    }
    this.#wake?.();
  };

  readonly #onEnd = (): void => {
    this.#ended ??= new DeviceError('connection', { kind: 'closed' });
    this.#wake?.();
  };

  readonly #onError = (error: unknown): void => {
    this.#ended ??= toDeviceError('connection', error);
    this.#wake?.();
  };

  #detach(): void {
    this.stream.pause();
    this.stream.off('data', this.#onData);
    this.stream.off('end', this.#onEnd);
    this.stream.off('close', this.#onEnd);
    this.stream.off('error', this.#onError);
  }
}

function ignore(): void {}
