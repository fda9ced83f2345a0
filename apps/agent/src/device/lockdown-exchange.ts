import type { Duplex } from 'node:stream';
import type { PlistDict } from '../machine/index.js';
import { parsePlistDict } from '../machine/index.js';
import { Conversation } from './conversation.js';
import { DeviceError, lockdownError } from './errors.js';
import { encodeLockdownPlist, LockdownFrames } from './lockdown-frames.js';

export interface ExchangeOptions {
  /** How the phone's log names us. */
  label: string;
  /** An answer may take this long, ms. */
  replyMs: number;
}

/** One question. */
export interface ExchangeCall {
  signal?: AbortSignal | undefined;
  /** Another patience for the answer than usual, ms. */
  answerMs?: number | undefined;
}

/**
 * Questions and answers of lockdownd over one stream, one after another. What the phone refuses (DeviceError `lockdown`) leaves the
 * stream usable; every other failure ends it, since nobody knows what the next answer would belong to.
 */
export class LockdownExchange {
  #conversation: Conversation<Buffer>;
  #stream: Duplex;
  #last: Promise<unknown> = Promise.resolve();
  /** Questions that run or wait. */
  #busy = 0;

  constructor(
    stream: Duplex,
    private readonly options: ExchangeOptions,
  ) {
    this.#stream = stream;
    this.#conversation = new Conversation(stream, new LockdownFrames());
  }

  /** Whether a question runs or waits. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  /** Whether the stream has ended, or is away to be wrapped. */
  get over(): boolean {
    return this.#conversation.over;
  }

  /** Runs after everything that was asked before, however that ended. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    const turn = this.#last.then(work).finally(() => this.#busy--);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Asks, and gives the answer; a refusal is thrown. To be called in turn. */
  async ask(request: string, parameters: PlistDict, call: ExchangeCall): Promise<PlistDict> {
    const reply = await this.askAnyway(request, parameters, call);
    if (typeof reply.Error === 'string') throw lockdownError(request, reply.Error);
    // The only sign of failure before iOS 5.
    if (reply.Result === 'Failure') throw lockdownError(request, 'Failure');
    return reply;
  }

  /** Asks, and gives the answer also when it is a refusal: some carry more than their word. `Error` is a string or not there. */
  async askAnyway(request: string, parameters: PlistDict, { signal, answerMs = this.options.replyMs }: ExchangeCall): Promise<PlistDict> {
    const conversation = this.#conversation;
    conversation.send(request, encodeRequest({ Request: request, Label: this.options.label, ...parameters }));
    const reply = this.#read(request, await conversation.read({ step: request, ms: answerMs, signal }));
    // Firmware before iOS 7 answers Unpair under another name.
    const named = reply.Request === request || (request === 'Unpair' && reply.Request === 'ValidatePair');
    if (!named || (reply.Error !== undefined && typeof reply.Error !== 'string')) throw this.garbage(request);
    return reply;
  }

  /** Gives the stream away, paused, to be wrapped; `goOn` takes what it became. */
  release(): Duplex {
    return this.#conversation.release();
  }

  goOn(stream: Duplex): void {
    this.#stream = stream;
    this.#conversation = new Conversation(stream, new LockdownFrames());
  }

  /** Ends the stream because of an answer that is none; the error to throw. */
  garbage(step: string): DeviceError {
    return this.end(new DeviceError(step, { kind: 'garbage' }));
  }

  /** Ends the stream; gives the error back, to be thrown. */
  end(error: DeviceError): DeviceError {
    this.#conversation.destroy(error);
    return error;
  }

  /** Cuts the stream at once, also in the middle of a handshake, when it is in no conversation. */
  destroy(): void {
    this.#conversation.destroy();
    this.#stream.destroy();
  }

  #read(step: string, body: Buffer): PlistDict {
    try {
      return parsePlistDict(body);
    } catch (error) {
      throw this.end(new DeviceError(step, { kind: 'garbage' }, { cause: error }));
    }
  }
}

function encodeRequest(request: PlistDict): Buffer {
  try {
    return encodeLockdownPlist(request);
  } catch (error) {
    throw new DeviceError(String(request.Request), { kind: 'garbage' }, { cause: error });
  }
}
