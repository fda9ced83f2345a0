import { EventEmitter } from 'node:events';
import { newPairRecord, type PairingKeys, PairRecord, pairRecordMetadata } from '@lockstep/agent/device';
import {
  FAULTS,
  type FaultId,
  type LabClock,
  type MuxFaultId,
  type PhoneFaultId,
  type PhoneOptions,
  Seeded,
  SimulatedPhone,
  type StartId,
  wallClock,
} from '../phone/index.js';
import type { BusLook, SysfsTree, UsbDevice } from '../sysfs/index.js';
import { SimulatedMux } from './mux.js';
import { deviceOf, type OnBus, onBus, type Seat, type SeatStatus } from './seat.js';

export interface BenchOptions {
  seed: string;
  /** Folder of the daemon's pair records. */
  recordsDir: string;
  /** The USB tree the phones appear in; null: none is written. */
  tree?: SysfsTree | null;
  clock?: LabClock;
  /**
   * Keys for pairings that were made "long ago"; new ones each time when left out, 0.2 s of a processor each. What an agent pairs has keys
   * of its own in any case.
   */
  keys?: () => Promise<PairingKeys>;
}

interface BenchEvents {
  /** Something about a phone or the daemon changed. */
  change: [];
  /** A phone came to the bus or left it. */
  bus: [{ what: 'came' | 'went'; device: UsbDevice; devnum: number }];
}

/** No such phone, or a phone of that name already. */
export class BenchError extends RangeError {
  override readonly name = 'BenchError';
}

/** What a daemon that starts anew gets right: it looks at the bus afresh. */
const LOST_BY_DAEMON = ['not-listed', 'preflight-dropped'] as const satisfies PhoneFaultId[];
/** What a phone gets right that is attached anew: a tunnel that stalled. */
const LOST_BY_ATTACH = ['hang'] as const satisfies PhoneFaultId[];
/** Certificates of a pairing live for ten years. */
const LONG_AGO_MS = 11 * 365 * 86_400_000;
/** A flapping connection is two seconds long: out for a quarter of it. */
const FLAP = { outMs: 500, inMs: 1_500 } as const;

/**
 * Phones on the ports of one computer: the USB tree, the multiplexer and the phones kept in step, so that what a holder or a fault does
 * to a phone shows wherever a computer could look.
 */
export class Bench extends EventEmitter<BenchEvents> {
  readonly mux: SimulatedMux;
  private readonly seats = new Map<string, Seat>();
  private readonly tree: SysfsTree | null;
  private readonly clock: LabClock;
  private readonly seed: string;
  private readonly keys: (() => Promise<PairingKeys>) | undefined;
  private devnums = 1;

  constructor(options: BenchOptions) {
    super();
    this.seed = options.seed;
    this.keys = options.keys;
    this.clock = options.clock ?? wallClock;
    this.tree = options.tree ?? null;
    this.mux = new SimulatedMux({ recordsDir: options.recordsDir, seed: `${options.seed}/mux`, clock: this.clock });
    let starts = this.mux.restarts;
    this.mux.on('state', () => {
      // A daemon that starts looks at the bus afresh: a phone that it had lost is found again.
      if (this.mux.restarts !== starts)
        for (const { phone } of this.seats.values()) for (const fault of LOST_BY_DAEMON) phone.clearFault(fault);
      starts = this.mux.restarts;
      this.emit('change');
    });
  }

  get names(): string[] {
    return [...this.seats.keys()];
  }

  /** Throws BenchError for a name that is not on the bench. */
  phone(name: string): SimulatedPhone {
    return this.seat(name).phone;
  }

  /**
   * Puts a phone on the bench, unplugged. Its identity comes from the bench's seed and its name. `location` is its USB port (`1-1`,
   * `1-2` … in order when left out), `speedMbps` what the cable carries (480 when left out).
   */
  add(options: Omit<PhoneOptions, 'seed' | 'clock'> & { seed?: string; location?: string; speedMbps?: number }): SimulatedPhone {
    if (this.seats.has(options.name)) throw new BenchError(`phone: ${JSON.stringify(options.name)} is on the bench already`);
    const phone = new SimulatedPhone({ ...options, seed: options.seed ?? `${this.seed}/phone/${options.name}`, clock: this.clock });
    const location = options.location ?? this.freePort();
    const seat: Seat = {
      phone,
      location,
      speedMbps: options.speedMbps ?? 480,
      plugged: false,
      devnum: 0,
      look: 'served',
      forced: null,
      withheld: false,
      since: 0,
      flapping: null,
    };
    this.seats.set(options.name, seat);
    const changed = () => this.emit('change');
    phone.on('fault', () => this.refresh(seat));
    phone.on('mode', () => this.refresh(seat));
    phone.on('dialog', changed);
    phone.on('paired', changed);
    return phone;
  }

  /** The cable goes in. */
  plug(name: string): void {
    const seat = this.seat(name);
    if (seat.plugged) return;
    seat.plugged = true;
    this.refresh(seat);
  }

  /** The cable comes out: the phone leaves bus and list, its dialog closes. */
  unplug(name: string): void {
    const seat = this.seat(name);
    seat.plugged = false;
    this.stopFlapping(seat);
    this.disconnect(seat);
    this.mux.detach(seat.phone, 'network');
    this.emit('change');
  }

  /** The phone leaves the bus and comes back, as when its port is reset; what a new attach gets right is right again. */
  recycle(name: string): void {
    const seat = this.seat(name);
    if (seat.devnum === 0) return;
    this.disconnect(seat);
    for (const fault of LOST_BY_ATTACH) seat.phone.clearFault(fault);
    this.refresh(seat);
  }

  /** Brings a fault of a phone or of its place on the bus. */
  setFault(name: string, fault: PhoneFaultId): void {
    this.seat(name).phone.setFault(fault);
  }

  /** Ends one fault of a phone, or all. */
  clearFault(name: string, fault?: PhoneFaultId): void {
    this.seat(name).phone.clearFault(fault);
  }

  /**
   * Lets a phone begin as the table of faults says: `none` and faults that need no pairing as a phone that never met this computer,
   * `paired` and the others with a pairing in place, then the fault.
   */
  async begin(name: string, start: StartId | PhoneFaultId): Promise<void> {
    this.seat(name).phone.clearFault();
    await this.prepare(name, start);
    if (isPhoneFault(start)) this.setFault(name, start);
  }

  /** Brings about what a fault needs to make sense: a pairing as of now or of long ago, or none at all. */
  async prepare(name: string, start: StartId | PhoneFaultId): Promise<void> {
    const { phone } = this.seat(name);
    if (start === 'certificates-ended') await this.pairAt(phone, this.clock.now() - LONG_AGO_MS);
    else if (FAULTS[start].paired) await this.pair(name);
    else {
      phone.forgetComputers();
      this.mux.records.delete(phone.udid);
    }
  }

  /** Makes phone and computer trust each other, as if they had been paired before. Nothing happens when they do already. */
  async pair(name: string): Promise<void> {
    const { phone } = this.seat(name);
    const stored = this.mux.records.read(phone.udid);
    if (typeof stored !== 'number' && isOf(stored, phone.trustedHosts, this.clock.now())) return;
    await this.pairAt(phone, this.clock.now());
  }

  /** What hangs on the bus now. */
  get onBus(): OnBus[] {
    return [...this.seats].flatMap(([name, seat]) => onBus(name, seat) ?? []);
  }

  /** Makes a phone look otherwise on the bus than its mode and faults would; null: as they have it. */
  force(name: string, look: BusLook | null): void {
    const seat = this.seat(name);
    seat.forced = look;
    this.refresh(seat);
  }

  /** Something else in the computer has the phone's interface: it hangs there, and the multiplexer never gets it. */
  withhold(name: string, withheld: boolean): void {
    const seat = this.seat(name);
    seat.withheld = withheld;
    this.refresh(seat);
  }

  /** Puts another cable in its place: the phone comes back at this speed, in Mbit/s. */
  setSpeed(name: string, speedMbps: number): void {
    const seat = this.seat(name);
    if (seat.speedMbps === speedMbps) return;
    seat.speedMbps = speedMbps;
    if (seat.devnum === 0) return;
    this.disconnect(seat);
    this.refresh(seat);
  }

  async setMuxFault(fault: MuxFaultId | null): Promise<void> {
    await this.mux.setFault(fault);
  }

  status(): SeatStatus[] {
    return [...this.seats].map(([name, { phone, plugged, location }]) => ({
      name,
      udid: phone.udid,
      deviceName: phone.identity.deviceName,
      plugged,
      mode: phone.mode,
      locked: phone.locked,
      faults: [...phone.faults],
      dialog: phone.dialog !== null,
      trustedHosts: phone.trustedHosts.length,
      deviceId: this.deviceIdOf(phone),
      location,
    }));
  }

  /** Unplugs and ends everything, and removes the socket and the tree. */
  async close(): Promise<void> {
    this.removeAllListeners();
    for (const seat of this.seats.values()) {
      this.stopFlapping(seat);
      seat.phone.close();
    }
    await this.mux.close();
    this.tree?.remove();
  }

  /** Pairs the two with certificates of that day. */
  private async pairAt(phone: SimulatedPhone, at: number): Promise<void> {
    const { records } = this.mux;
    const seed = new Seeded(`${this.seed}/host-id/${phone.udid}`);
    const record = await newPairRecord(await phone.devicePublicKey(), {
      systemBuid: records.buid,
      hostId: seed.uuid(),
      now: new Date(at),
      keys: await this.keys?.(),
    });
    const shown = record.forPhone();
    const { escrowBag } = await phone.trust({
      hostId: record.hostId,
      systemBuid: record.systemBuid,
      deviceCertificate: shown.DeviceCertificate as Uint8Array,
      hostCertificate: shown.HostCertificate as Uint8Array,
      rootCertificate: shown.RootCertificate as Uint8Array,
      carriesPrivateKey: false,
    });
    records.save(phone.udid, record.granted({ escrowBag, wifiMacAddress: phone.identity.wifiAddress }).serialise());
  }

  private seat(name: string): Seat {
    const seat = this.seats.get(name);
    if (seat === undefined)
      throw new BenchError(`phone: no phone is called ${JSON.stringify(name)}; there are ${this.names.join(', ') || 'none'}`);
    return seat;
  }

  private freePort(): string {
    const taken = new Set([...this.seats.values()].map((s) => s.location));
    for (let port = 1; ; port++) if (!taken.has(`1-${port}`)) return `1-${port}`;
  }

  /** How the phone ought to look on the bus. */
  private lookOf({ phone, forced }: Seat): BusLook {
    if (forced !== null) return forced;
    if (phone.mode === 'recovery') return 'recovery';
    return phone.faults.has('no-mux-interface') ? 'no-mux-interface' : 'served';
  }

  private connect(seat: Seat): void {
    seat.look = this.lookOf(seat);
    seat.since = this.clock.now();
    const device = deviceOf(seat);
    seat.devnum = this.tree?.attach(device) ?? ++this.devnums;
    this.emit('bus', { what: 'came', device, devnum: seat.devnum });
  }

  private disconnect(seat: Seat): void {
    if (seat.devnum !== 0) this.emit('bus', { what: 'went', device: deviceOf(seat), devnum: seat.devnum });
    this.mux.detach(seat.phone);
    seat.phone.unplugged();
    this.tree?.detach(seat.location);
    seat.devnum = 0;
  }

  /** The number it is listed under, by cable where it is there. */
  private deviceIdOf(phone: SimulatedPhone): number | null {
    const entries = this.mux.attached.filter((a) => a.phone === phone);
    return (entries.find((a) => a.via === 'usb') ?? entries[0])?.deviceId ?? null;
  }

  /** Brings bus and list in line with the phone's mode and faults. */
  private refresh(seat: Seat): void {
    const { phone } = seat;
    const { faults } = phone;
    // A phone that is there over the network alone lies beside its cable.
    const cable = seat.plugged && !faults.has('wifi-only');
    if (!cable && seat.devnum !== 0) this.disconnect(seat);
    if (cable && seat.devnum === 0 && seat.flapping === null) this.connect(seat);
    if (cable && faults.has('flap')) this.startFlapping(seat);
    else this.stopFlapping(seat);
    if (seat.devnum !== 0) {
      // Another configuration or mode is another attach.
      if (seat.look !== this.lookOf(seat)) {
        this.disconnect(seat);
        this.connect(seat);
      }
      const wanted = seat.look === 'served' && !seat.withheld && !faults.has('not-listed');
      const dropped = faults.has('preflight-dropped');
      // One that the daemon has given up is found again at the next attach.
      const lost = !dropped && this.mux.pid !== null && !this.mux.attached.some((a) => a.phone === phone && a.via === 'usb');
      if (wanted && (lost || !this.mux.knows(phone)))
        this.mux.attach(phone, { busnum: Number(seat.location.split('-')[0]), devnum: seat.devnum, speedMbps: seat.speedMbps });
      if (!wanted) this.mux.detach(phone);
      if (wanted && dropped) this.mux.dropAfterPreflight(phone);
    }
    const near = seat.plugged && phone.mode === 'normal' && (faults.has('wifi-only') || faults.has('wifi-too'));
    if (near && !this.mux.knows(phone, 'network')) this.mux.attachNetwork(phone);
    if (!near) this.mux.detach(phone, 'network');
    this.emit('change');
  }

  private startFlapping(seat: Seat): void {
    if (seat.flapping !== null) return;
    const out = () => {
      this.disconnect(seat);
      this.emit('change');
      seat.flapping = this.clock.after(FLAP.outMs, () => {
        this.connect(seat);
        seat.flapping = this.clock.after(FLAP.inMs, out);
        this.refresh(seat);
      });
    };
    seat.flapping = this.clock.after(FLAP.inMs, out);
  }

  private stopFlapping(seat: Seat): void {
    if (seat.flapping === null) return;
    seat.flapping.cancel();
    seat.flapping = null;
    // It may have ended while the phone was out.
    if (seat.plugged && seat.devnum === 0 && !seat.phone.faults.has('wifi-only')) this.connect(seat);
  }
}

function isPhoneFault(id: FaultId): id is PhoneFaultId {
  return FAULTS[id].place === 'phone' || FAULTS[id].place === 'bus';
}

/** Whether a stored record is one of these hosts', and still good at that time. */
function isOf(stored: Buffer, hosts: readonly string[], now: number): boolean {
  try {
    const { endsAt } = pairRecordMetadata(stored, null);
    return hosts.includes(PairRecord.parse(stored).hostId) && typeof endsAt === 'string' && Date.parse(endsAt) > now;
  } catch {
    return false;
  }
}
