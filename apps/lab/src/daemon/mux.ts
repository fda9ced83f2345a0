import { EventEmitter } from 'node:events';
import { chmodSync, linkSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PlistDict } from '@lockstep/agent/device';
import { type LabClock, type MuxFaultId, Seeded, type SimulatedPhone, type Via, wallClock } from '../phone/index.js';
import type { AttachedPhone } from './attached.js';
import { addressForClients, type ListenAddress } from './listen-address.js';
import { ListenError, listenError } from './listen-error.js';
import { MuxConversation } from './mux-conversation.js';
import { RecordFolder } from './records.js';

export interface MuxOptions {
  /** Folder of the pair records and of the BUID; made when missing. */
  recordsDir: string;
  seed: string;
  /** What its log is dated by. */
  clock?: LabClock;
}

/** usbmuxd's levels (log.h). */
const LEVELS = { error: 1, warning: 2, notice: 3 } as const;
const LOG_LINES = 500;
/** lockdownd could not be reached: libimobiledevice's MUX_ERROR, which preflight meets when a phone does not answer in time. */
const PREFLIGHT_ERROR = -8;

interface MuxEvents {
  /** It started, stopped, or got or lost a fault. */
  state: [];
}

/**
 * usbmuxd: a socket that lists phones, keeps pair records and connects to ports of phones, as libimobiledevice's daemon 1.1.1 was
 * measured. It can be stopped and started like a service; each start is a new process id, and device ids begin anew.
 */
export class SimulatedMux extends EventEmitter<MuxEvents> {
  readonly records: RecordFolder;
  /** Bytes for garbled answers. */
  readonly noise: Seeded;

  private readonly pids: Seeded;
  private readonly clients = new Map<Duplex, MuxConversation>();
  private plugged: Omit<AttachedPhone, 'deviceId'>[] = [];
  private list: AttachedPhone[] = [];
  private server: Server | null = null;
  private address: ListenAddress | null = null;
  private nextDeviceId = 1;
  private nextClientId = 1;
  private currentPid: number | null = null;
  private currentFault: MuxFaultId | null = null;
  private started = 0;
  private lastPid = 0;
  private turn: Promise<void> = Promise.resolve();
  private readonly clock: LabClock;
  private readonly lines: { at: number; text: string }[] = [];

  constructor(options: MuxOptions) {
    super();
    this.clock = options.clock ?? wallClock;
    const seed = new Seeded(options.seed);
    this.records = new RecordFolder(options.recordsDir, seed.fork('buid').uuid());
    this.noise = seed.fork('noise');
    this.pids = seed.fork('pids');
  }

  /** The process id of the running daemon; null while it is stopped. */
  get pid(): number | null {
    return this.currentPid;
  }

  /** How often it was started after the first time. */
  get restarts(): number {
    return Math.max(0, this.started - 1);
  }

  get fault(): MuxFaultId | null {
    return this.currentFault;
  }

  /** What the daemon wrote, oldest first, in usbmuxd's words: `[LEVEL] text`, with the moment. The last 500 lines. */
  get log(): readonly { at: number; text: string }[] {
    return this.lines;
  }

  /** What ListDevices shows. */
  get attached(): readonly AttachedPhone[] {
    return this.list;
  }

  get listenerList(): PlistDict[] {
    return [...this.clients.values()].filter((c) => c.listens).map((c) => c.listener);
  }

  /** Where it listens, or would; as USBMUXD_SOCKET_ADDRESS. Null before `listen`. */
  get clientAddress(): string | null {
    return this.address && addressForClients(this.address);
  }

  /** Starts the daemon on an address and keeps that address for later starts. Rejects with ListenError. */
  async listen(address: ListenAddress): Promise<string> {
    this.address = address;
    await this.start();
    return addressForClients(this.address);
  }

  /** Starts the daemon: with an address on its socket, else only for `serve`. Phones that are plugged in get new device ids. Ends its faults. */
  start(): Promise<void> {
    return this.inTurn(() => this.startNow());
  }

  private async startNow(): Promise<void> {
    if (this.currentPid !== null) return;
    if (this.address !== null) await this.openServer(this.address);
    this.currentFault = null;
    this.started += 1;
    // Below 32768, the default of kernel.pid_max; never twice the same in a row.
    let pid: number;
    do pid = 300 + this.pids.below(32_000);
    while (pid === this.lastPid);
    this.lastPid = pid;
    this.currentPid = pid;
    this.nextDeviceId = 1;
    for (const entry of this.plugged) this.show(entry);
    this.emit('state');
  }

  /** Stops the daemon: every connection ends. `leaveSocket`: as after a crash, its socket file stays and refuses. */
  stop(options: { leaveSocket?: boolean } = {}): Promise<void> {
    return this.inTurn(() => this.stopNow(options.leaveSocket ?? false));
  }

  private async stopNow(leaveSocket: boolean): Promise<void> {
    if (this.currentPid === null) return;
    this.currentPid = null;
    this.list = [];
    const server = this.server;
    this.server = null;
    for (const stream of [...this.clients.keys()]) stream.destroy();
    this.clients.clear();
    const path = this.address?.kind === 'unix' ? this.address.path : null;
    if (server !== null) {
      // Node removes the file of a socket it closes.
      if (leaveSocket && path !== null) linkSync(path, `${path}.left`);
      await new Promise<void>((done) => server.close(() => done()));
      if (leaveSocket && path !== null) renameSync(`${path}.left`, path);
    }
    this.emit('state');
  }

  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.stopNow(false);
      await this.startNow();
    });
  }

  /** Brings a fault of the daemon, or ends the one it has; a stopped daemon is started again then. */
  setFault(fault: MuxFaultId | null): Promise<void> {
    return this.inTurn(async () => {
      const wasDown = this.currentFault === 'mux-stopped' || this.currentFault === 'mux-crashed';
      const down = fault === 'mux-stopped' || fault === 'mux-crashed';
      // From one way of being down to the other it has to come up in between, or the socket file would be the wrong one.
      if (wasDown && fault !== this.currentFault) await this.startNow();
      if (down) await this.stopNow(fault === 'mux-crashed');
      this.currentFault = fault;
      this.emit('state');
    });
  }

  /** A phone comes within reach by cable. Its device id, or null while the daemon is stopped: it is shown at the next start. */
  attach(phone: SimulatedPhone, place: { busnum: number; devnum: number; speedMbps: number }): number | null {
    return this.reach({ phone, via: 'usb', locationId: place.busnum * 0x10000 + place.devnum, speedMbps: place.speedMbps });
  }

  /** A phone comes within reach over the network; it may be there by cable too. */
  attachNetwork(phone: SimulatedPhone): number | null {
    return this.reach({ phone, via: 'network', locationId: 0, speedMbps: 0 });
  }

  /** Whether the phone is within reach, also while the daemon is stopped. */
  knows(phone: SimulatedPhone, via: Via = 'usb'): boolean {
    return this.plugged.some((p) => p.phone === phone && p.via === via);
  }

  /** A phone is gone from the cable, or from the network: its connections end, listeners are told. */
  detach(phone: SimulatedPhone, via: Via = 'usb'): void {
    if (!this.knows(phone, via)) return;
    const entry = this.list.find((a) => a.phone === phone && a.via === via);
    this.plugged = this.plugged.filter((p) => p.phone !== phone || p.via !== via);
    this.list = this.list.filter((a) => a !== entry);
    if (via === 'network') phone.outOfRange();
    else phone.unplugged();
    if (entry === undefined) return;
    this.write(`Removed device ${entry.deviceId} on location 0x${entry.locationId.toString(16)}`);
    for (const client of this.clients.values()) client.tell('Detached', entry.deviceId);
  }

  /** The daemon gives a phone up after its preflight, as libimobiledevice's does: its log says so, and it is listed no more. */
  dropAfterPreflight(phone: SimulatedPhone): void {
    const entry = this.list.find((a) => a.phone === phone && a.via === 'usb');
    if (entry === undefined) return;
    const { deviceId } = entry;
    this.write(
      `preflight_worker_handle_device_add: ERROR: Could not connect to lockdownd on device ${phone.udid}, lockdown error ${PREFLIGHT_ERROR}`,
      'error',
    );
    this.write(`preflight_worker_handle_device_add: Finished preflight on device ${phone.udid}`);
    this.list = this.list.filter((a) => a !== entry);
    for (const client of this.clients.values()) client.tell('Detached', deviceId);
  }

  /** Serves one client on a stream of any kind. A stopped daemon has nobody who could: the stream is destroyed. */
  serve(stream: Duplex): void {
    if (this.currentPid === null) {
      stream.destroy();
      return;
    }
    this.clients.set(stream, new MuxConversation(this, stream, this.nextClientId++));
    stream.once('close', () => this.clients.delete(stream));
  }

  /** A record was saved for an attached phone: listeners are told. */
  recordSaved(deviceId: number): void {
    if (!this.list.some((a) => a.deviceId === deviceId)) return;
    for (const client of this.clients.values()) client.tell('Paired', deviceId);
  }

  /** Stops for good and removes the socket. */
  async close(): Promise<void> {
    await this.stop();
    if (this.currentFault === 'mux-crashed' && this.address?.kind === 'unix') rmSync(this.address.path, { force: true });
    this.removeAllListeners();
  }

  /** Starts, stops and faults one after another, whoever asks. */
  private inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.turn.then(act);
    this.turn = done.catch(() => {});
    return done;
  }

  private reach(place: Omit<AttachedPhone, 'deviceId'>): number | null {
    this.detach(place.phone, place.via);
    this.plugged.push(place);
    return this.currentPid === null ? null : this.show(place);
  }

  private show(place: Omit<AttachedPhone, 'deviceId'>): number {
    const entry = { ...place, deviceId: this.nextDeviceId++ };
    this.list = [...this.list, entry];
    if (entry.via === 'usb')
      this.write(
        `Connected to v2.0 device ${entry.deviceId} on location 0x${entry.locationId.toString(16)} with serial number ${entry.phone.udid}`,
      );
    for (const client of this.clients.values()) client.tellAttached(entry);
    return entry.deviceId;
  }

  private write(text: string, level: keyof typeof LEVELS = 'notice'): void {
    this.lines.push({ at: this.clock.now(), text: `[${LEVELS[level]}] ${text}` });
    if (this.lines.length > LOG_LINES) this.lines.shift();
  }

  private async openServer(address: ListenAddress): Promise<void> {
    if (address.kind === 'unix') await clearLeftover(address.path);
    const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
      socket.setNoDelay(true);
      this.serve(socket);
    });
    await new Promise<void>((done, fail) => {
      server.once('error', (error) => fail(listenError(addressForClients(address), address.kind === 'unix' ? address.path : null, error)));
      if (address.kind === 'unix') server.listen(address.path, done);
      else server.listen(address.port, address.host, done);
    });
    // The lab's own user: its records stand for private keys.
    if (address.kind === 'unix') chmodSync(address.path, 0o600);
    const bound = server.address();
    if (address.kind === 'tcp' && typeof bound === 'object' && bound !== null) this.address = { ...address, port: bound.port };
    this.server = server;
  }
}

/** Removes a socket file that nobody listens on any more. Rejects with ListenError when somebody does, or when it is something else. */
async function clearLeftover(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw new ListenError(`UNIX:${path}: exists and is not a socket`);
  const alive = await new Promise<boolean>((done) => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      done(true);
    });
    probe.once('error', () => done(false));
  });
  if (alive) throw new ListenError(`UNIX:${path}: somebody listens there already`);
  rmSync(path, { force: true });
}
