import type { Duplex } from 'node:stream';
import {
  encodeMuxBinaryResult,
  encodeMuxFrame,
  encodeMuxPlist,
  isDict,
  MUX_MESSAGE,
  MUX_REQUEST_LIMIT,
  MUX_RESULT,
  MUX_VERSION,
  type MuxFrame,
  MuxFrames,
  type PlistDict,
  PlistError,
  parsePlist,
  swapPort,
} from '@lockstep/agent/device';
import { type AttachedPhone, attachedMessage, binaryAdd, binaryNotice } from './attached.js';
import type { SimulatedMux } from './mux.js';

/** Bytes of noise in a garbled answer: enough for any header. */
const NOISE_BYTES = 32;

/** One client of the daemon, from its first byte until it hangs up or its connection becomes a phone's. Behaves as usbmuxd 1.1.1 was measured. */
export class MuxConversation {
  private readonly frames = new MuxFrames(MUX_REQUEST_LIMIT);
  private state: 'command' | 'listening' | 'connected' = 'command';
  /** Binary until the first property list came. */
  private speaksPlist = false;
  private about: PlistDict = {};
  private readonly onData = (chunk: Buffer) => this.receive(chunk);

  constructor(
    private readonly mux: SimulatedMux,
    private readonly stream: Duplex,
    private readonly id: number,
  ) {
    stream.on('data', this.onData);
    stream.on('error', () => stream.destroy());
    stream.on('end', () => stream.end());
  }

  get listens(): boolean {
    return this.state === 'listening';
  }

  /** What ListListeners tells of this client. */
  get listener(): PlistDict {
    const text = (key: string) => (typeof this.about[key] === 'string' ? this.about[key] : '');
    return {
      Blacklisted: false,
      BundleID: text('BundleID'),
      ConnType: 0,
      'ID String': `${this.id}-${text('ProgName')}`,
      ProgName: text('ProgName'),
      kLibUSBMuxVersion: typeof this.about.kLibUSBMuxVersion === 'number' ? this.about.kLibUSBMuxVersion : 0,
    };
  }

  /** Tells a listener that a phone came. */
  tellAttached(a: AttachedPhone): void {
    if (this.listens) this.stream.write(this.speaksPlist ? encodeMuxPlist(attachedMessage(a), 0) : binaryAdd(a));
  }

  /** Tells a listener that a phone went, or that its record was saved. */
  tell(kind: 'Detached' | 'Paired', deviceId: number): void {
    if (this.listens)
      this.stream.write(this.speaksPlist ? encodeMuxPlist({ MessageType: kind, DeviceID: deviceId }, 0) : binaryNotice(kind, deviceId));
  }

  destroy(): void {
    this.stream.destroy();
  }

  private receive(chunk: Buffer): void {
    if (this.mux.fault === 'mux-silent') return;
    try {
      this.frames.feed(chunk);
      for (let frame = this.frames.next(); frame !== null; frame = this.frames.next()) {
        this.handle(frame);
        if (this.state === 'connected' || this.stream.destroyed) return;
      }
    } catch {
      // usbmuxd hangs up on a length under 16 or over 65536.
      this.stream.destroy();
    }
  }

  private handle(frame: MuxFrame): void {
    if (this.mux.fault === 'mux-garbage') {
      const body = Buffer.concat([Buffer.from([0x7f]), this.mux.noise.bytes(NOISE_BYTES - 1)]);
      this.stream.write(encodeMuxFrame({ version: MUX_VERSION.plist, message: MUX_MESSAGE.plist, tag: frame.tag, body }));
      return;
    }
    if (this.state === 'listening') {
      this.result(frame.tag, MUX_RESULT.badCommand);
      this.stream.end();
      return;
    }
    if (frame.version !== MUX_VERSION.binary && frame.version !== MUX_VERSION.plist) return this.result(frame.tag, MUX_RESULT.badVersion);
    switch (frame.message) {
      case MUX_MESSAGE.plist:
        return this.handlePlist(frame);
      case MUX_MESSAGE.listen:
        return this.listen(frame.tag);
      case MUX_MESSAGE.connect:
        // usbmuxd_connect_request: device id, port in network order, two unused bytes.
        if (frame.body.length < 6) return this.result(frame.tag, MUX_RESULT.badCommand);
        return this.connect(frame.tag, frame.body.readUInt32LE(0), frame.body.readUInt16BE(4));
      default:
        return this.result(frame.tag, MUX_RESULT.badCommand);
    }
  }

  private handlePlist({ tag, body }: MuxFrame): void {
    const request = readRequest(body);
    this.speaksPlist = true;
    // Neither a list nor a type: usbmuxd says nothing and does not hang up.
    if (request === null || typeof request.MessageType !== 'string') return;
    const reply = (message: PlistDict) => void this.stream.write(encodeMuxPlist(message, tag));
    const { records } = this.mux;
    switch (request.MessageType) {
      case 'ListDevices':
        return reply({ DeviceList: this.mux.attached.map(attachedMessage) });
      case 'Listen':
        this.about = request;
        return this.listen(tag);
      case 'ListListeners':
        return reply({ ListenerList: this.mux.listenerList });
      case 'ReadBUID':
        return reply({ BUID: records.buid });
      case 'ReadPairRecord': {
        const record = records.read(request.PairRecordID);
        return typeof record === 'number' ? this.result(tag, record) : reply({ PairRecordData: record });
      }
      case 'SavePairRecord': {
        const number = records.save(request.PairRecordID, request.PairRecordData);
        this.result(tag, number);
        if (number === MUX_RESULT.ok && typeof request.DeviceID === 'number') this.mux.recordSaved(request.DeviceID);
        return;
      }
      case 'DeletePairRecord':
        return this.result(tag, records.delete(request.PairRecordID));
      case 'Connect': {
        const { DeviceID, PortNumber } = request;
        if (typeof DeviceID !== 'number') return this.result(tag, MUX_RESULT.badDevice);
        if (typeof PortNumber !== 'number') return this.result(tag, MUX_RESULT.badCommand);
        return this.connect(tag, DeviceID, swapPort(PortNumber));
      }
      default:
        return this.result(tag, MUX_RESULT.badCommand);
    }
  }

  private listen(tag: number): void {
    this.result(tag, MUX_RESULT.ok);
    this.state = 'listening';
    for (const a of this.mux.attached) this.tellAttached(a);
  }

  private connect(tag: number, deviceId: number, port: number): void {
    const entry = this.mux.attached.find((a) => a.deviceId === deviceId);
    if (entry === undefined) return this.result(tag, MUX_RESULT.badDevice);
    const serve = entry.phone.connect(port, entry.via);
    if (serve === null) return this.result(tag, MUX_RESULT.refused);
    this.result(tag, MUX_RESULT.ok);
    this.state = 'connected';
    this.stream.off('data', this.onData);
    const rest = this.frames.rest();
    serve(this.stream);
    // A client that did not wait for the result has already spoken to the phone.
    if (rest.length > 0) this.stream.unshift(rest);
  }

  private result(tag: number, number: number): void {
    this.stream.write(
      this.speaksPlist ? encodeMuxPlist({ MessageType: 'Result', Number: number }, tag) : encodeMuxBinaryResult(number, tag),
    );
  }
}

function readRequest(body: Buffer): PlistDict | null {
  try {
    const value = parsePlist(body);
    return isDict(value) ? value : null;
  } catch (error) {
    if (error instanceof PlistError) return null;
    throw error;
  }
}
