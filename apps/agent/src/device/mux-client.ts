import type { Duplex } from 'node:stream';
import type { Udid } from '@lockstep/core/health';
import type { PlistDict } from '../machine/index.js';
import { Conversation, within } from './conversation.js';
import { DeviceError, MUX_RESULT, toDeviceError } from './errors.js';
import type { MuxAnswer, MuxRequestSent } from './mux-answer.js';
import { readAnswer } from './mux-answer.js';
import type { MuxListing } from './mux-devices.js';
import { readListing } from './mux-devices.js';
import { encodeMuxPlist, MUX_REQUEST_LIMIT, MuxFrames, swapPort } from './mux-frames.js';
import type { MuxListenHandlers, MuxListenOptions } from './mux-listen.js';
import { listenToMux } from './mux-listen.js';

export interface MuxClientOptions {
  /** Opens a new connection to the multiplexer's socket. */
  open: () => Promise<Duplex>;
  /** Opening the socket may take this long, ms. 2 s: it is local. */
  connectMs?: number;
  /** An answer may take this long, ms. 5 s, as libusbmuxd waits. */
  replyMs?: number;
}

export interface MuxCallOptions {
  signal?: AbortSignal | undefined;
}

const CONNECT_MS = 2_000;
const REPLY_MS = 5_000;
/** What every client sends along; daemons look at MessageType only (libusbmuxd.c). */
const INTRODUCTION = { ProgName: 'lockstep-agent', ClientVersionString: 'lockstep-agent', kLibUSBMuxVersion: 3 };

/**
 * A client of usbmuxd, Apple's or libimobiledevice's. Every command has a connection of its own, as the daemons expect: a connection
 * that listens or that was handed to a phone takes no more commands. Rejects with DeviceError only.
 */
export class MuxClient {
  readonly #open: () => Promise<Duplex>;
  readonly #connectMs: number;
  readonly #replyMs: number;
  #tag = 0;

  constructor(options: MuxClientOptions) {
    this.#open = options.open;
    this.#connectMs = options.connectMs ?? CONNECT_MS;
    this.#replyMs = options.replyMs ?? REPLY_MS;
  }

  /** The phones the multiplexer serves now, one entry each. */
  async listDevices(options: MuxCallOptions = {}): Promise<MuxListing> {
    const answer = await this.#ask('ListDevices', {}, options);
    const listing = answer.message === null ? null : readListing(answer.message);
    if (listing === null) throw unexpected('ListDevices', answer.result);
    return listing;
  }

  /** The multiplexer's own id, which pair records carry as SystemBUID. */
  async readBuid(options: MuxCallOptions = {}): Promise<string> {
    const answer = await this.#ask('ReadBUID', {}, options);
    const buid = answer.message?.BUID;
    if (typeof buid !== 'string' || buid === '') throw unexpected('ReadBUID', answer.result);
    return buid;
  }

  /** The stored pair record's bytes; null when the multiplexer has none for this phone. They hold private keys. */
  async readPairRecord(udid: Udid, options: MuxCallOptions = {}): Promise<Uint8Array | null> {
    const answer = await this.#ask('ReadPairRecord', { PairRecordID: udid }, options);
    // For pair records the result is an errno, and 2 is ENOENT (usbmuxd client.c).
    if (answer.result === MUX_RESULT.badDevice) return null;
    const data = answer.message?.PairRecordData;
    if (!(data instanceof Uint8Array)) throw unexpected('ReadPairRecord', answer.result);
    return data;
  }

  /**
   * Stores a pair record, replacing the one there was. With the DeviceID of the attached phone the daemon tells its listeners
   * `Paired`; null for a phone that is not attached. The bytes hold private keys: prove first who listens on the socket.
   */
  async savePairRecord(udid: Udid, record: Uint8Array, deviceId: number | null, options: MuxCallOptions = {}): Promise<void> {
    await this.#order(
      'SavePairRecord',
      { PairRecordID: udid, PairRecordData: record, ...(deviceId === null ? {} : { DeviceID: deviceId }) },
      options,
    );
  }

  /** Deletes a stored pair record; false when there was none. */
  async deletePairRecord(udid: Udid, options: MuxCallOptions = {}): Promise<boolean> {
    const answer = await this.#ask('DeletePairRecord', { PairRecordID: udid }, options);
    if (answer.result === MUX_RESULT.badDevice) return false;
    if (answer.result !== MUX_RESULT.ok) throw unexpected('DeletePairRecord', answer.result);
    return true;
  }

  /**
   * Connects to a port of a phone and gives the raw stream, paused. The multiplexer's 2 (the phone is gone) and 3 (the phone refuses)
   * come as DeviceError `mux`.
   */
  async connect(deviceId: number, port: number, options: MuxCallOptions = {}): Promise<Duplex> {
    const { conversation, answer } = await this.#converse('Connect', { DeviceID: deviceId, PortNumber: swapPort(port) }, options);
    if (answer.result === MUX_RESULT.ok) return conversation.release();
    conversation.destroy();
    throw unexpected('Connect', answer.result);
  }

  /**
   * Hears phones come, go and be paired until it is stopped; connects again by itself, with a growing pause. Phones that are there
   * already are told first. When the connection is lost, its phones are told gone: device ids belong to one run of the daemon.
   */
  listen(handlers: MuxListenHandlers, options: MuxListenOptions = {}): () => Promise<void> {
    return listenToMux((signal) => this.#start('Listen', { MessageType: 'Listen', ...INTRODUCTION }, { signal }), handlers, {
      replyMs: this.#replyMs,
      ...options,
    });
  }

  async #order(step: string, parameters: PlistDict, options: MuxCallOptions): Promise<void> {
    const answer = await this.#ask(step, parameters, options);
    if (answer.result !== MUX_RESULT.ok) throw unexpected(step, answer.result);
  }

  async #ask(step: string, parameters: PlistDict, options: MuxCallOptions): Promise<MuxAnswer> {
    const { conversation, answer } = await this.#converse(step, parameters, options);
    conversation.destroy();
    return answer;
  }

  async #converse(step: string, parameters: PlistDict, options: MuxCallOptions) {
    const { conversation, tag } = await this.#start(step, { MessageType: step, ...INTRODUCTION, ...parameters }, options);
    const answer = await readAnswer(conversation, { step, tag, ms: this.#replyMs, signal: options.signal });
    return { conversation, answer };
  }

  /** Opens a connection and sends the request. */
  async #start(step: string, request: PlistDict, { signal }: MuxCallOptions): Promise<MuxRequestSent> {
    // 0 marks events.
    this.#tag = (this.#tag % 0x7fffffff) + 1;
    const tag = this.#tag;
    const bytes = encodeRequest(step, request, tag);
    const stream = await openStream(this.#open, { step, ms: this.#connectMs, signal });
    const conversation = new Conversation(stream, new MuxFrames());
    conversation.send(step, bytes);
    return { conversation, tag };
  }
}

function encodeRequest(step: string, request: PlistDict, tag: number): Buffer {
  let bytes: Buffer;
  try {
    bytes = encodeMuxPlist(request, tag);
  } catch (error) {
    throw new DeviceError(step, { kind: 'garbage' }, { cause: error });
  }
  if (bytes.length > MUX_REQUEST_LIMIT) throw new DeviceError(step, { kind: 'too-large', bytes: bytes.length, limit: MUX_REQUEST_LIMIT });
  return bytes;
}

/** Opens a stream in time; one that opens too late is closed again. */
async function openStream(
  open: () => Promise<Duplex>,
  patience: { step: string; ms: number; signal: AbortSignal | undefined },
): Promise<Duplex> {
  return within<Duplex>(patience, (resolve, reject) => {
    let waiting = true;
    Promise.resolve()
      .then(open)
      .then(
        (stream) => {
          // Until somebody reads, an error must not end the process; whoever reads sees the stream destroyed.
          stream.on('error', () => {});
          if (waiting) resolve(stream);
          else stream.destroy();
        },
        (error: unknown) => reject(toDeviceError(patience.step, error)),
      );
    return () => {
      waiting = false;
    };
  });
}

/** The error for an answer that is not the one asked for: the daemon's result, or garbage when it says ok or nothing. */
function unexpected(step: string, result: number | null): DeviceError {
  if (result === null || result === MUX_RESULT.ok) return new DeviceError(step, { kind: 'garbage' });
  return new DeviceError(step, { kind: 'mux', result });
}
