import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { PlistDict } from '@lockstep/agent/device';
import { type LabClock, wallClock } from './clock.js';
import { conditionOf, type PhoneCondition } from './condition.js';
import type { HolderHabits, TrustDialog } from './consent.js';
import type { PhoneFaultId } from './faults.js';
import { type IdentityChoice, makeIdentity, type PhoneIdentity } from './identity.js';
import { LOCKDOWN_PORT, LockdownConversation } from './lockdown.js';
import { NetworkLink } from './network-link.js';
import type { LockdownSession, OfferedRecord } from './requests.js';
import { Seeded } from './seeded.js';
import { ServicePorts } from './service-ports.js';
import { REQUEST_PAIR } from './services.js';
import { type LabOrganisation, labOrganisation, type PairingProof, type Supervision, type SupervisionGate } from './supervision.js';
import { type PairReply, PhoneTrust, type Via } from './trust.js';
import { getValue } from './values.js';

/** One request that lockdownd answered; never its contents. */
export interface RequestNote {
  request: string;
  /** The program that asked, by its own word. */
  label: string | null;
  /** lockdownd's word when it refused. */
  error: string | null;
}

interface PhoneEvents {
  /** The trust dialog appeared. */
  dialog: [TrustDialog];
  /** A computer was granted its pairing. */
  paired: [{ hostId: string }];
  request: [RequestNote];
  /** A fault came or went. */
  fault: [];
  /** The phone left for another mode, or came back. */
  mode: ['normal' | 'recovery'];
  /** It was restarted. */
  restarted: [];
}

export interface PhoneOptions extends IdentityChoice {
  /** What the lab calls it. */
  name: string;
  /** The same seed is the same phone: UDID, keys, addresses. */
  seed: string;
  clock?: LabClock;
  /** Where it keeps the computers it trusts (0600); null: in memory. */
  stateFile?: string | null;
  /** Taps Trust this long after the dialog appears; null: waits to be told. */
  trustAfterMs?: number | null;
  /** By whom it is supervised; null: by nobody. */
  supervision?: Supervision | null;
  /** GetValue PasswordProtected is refused without a session, as some phones do. */
  lockStateNeedsSession?: boolean;
}

/** A Pair request that says nothing but its record. */
const NO_PROOF: PairingProof = { supervisorCertificate: null, challengeResponse: null };
/** Faults that stand only until the holder unlocks the phone. */
const UNTIL_UNLOCKED = ['locked', 'session-locked', 'service-refused', 'before-first-unlock'] as const satisfies PhoneFaultId[];
/** Faults by which every pairing is forgotten; they stand until a computer is trusted anew. */
const UNTIL_TRUSTED = ['forgets-host', 'trust-pending', 'trust-denied', 'trust-ignored'] as const satisfies PhoneFaultId[];
/** Faults that a new pairing ends. */
const ENDED_BY_TRUST = [...UNTIL_TRUSTED, 'certificates-ended'] as const satisfies PhoneFaultId[];
const includes = (list: readonly PhoneFaultId[], id: PhoneFaultId) => list.includes(id);

/** An iPhone as far as a computer can tell over a cable: its identity, its lockdownd, the services behind it, and the holder's taps. */
export class SimulatedPhone extends EventEmitter<PhoneEvents> {
  readonly name: string;
  identity: PhoneIdentity;
  readonly clock: LabClock;
  /** Noise for garbage answers. */
  readonly noise: Seeded;
  readonly habits: HolderHabits;
  /** EnableWifiConnections. */
  wifiConnections = true;

  private readonly seed: Seeded;
  private readonly trusting: PhoneTrust;
  private readonly services: ServicePorts;
  private readonly active = new Set<PhoneFaultId>();
  private readonly streams = new Set<Duplex>();
  private readonly notices = new EventEmitter<{ notice: [string] }>();
  private readonly network: NetworkLink;
  private readonly lockStateNeedsSession: boolean;
  private currentMode: 'normal' | 'recovery' = 'normal';
  private passcodeLocked = false;

  constructor(options: PhoneOptions) {
    super();
    this.name = options.name;
    this.clock = options.clock ?? wallClock;
    this.seed = new Seeded(options.seed);
    this.noise = this.seed.fork('noise');
    this.identity = makeIdentity(this.seed.fork('identity'), { deviceName: `${options.name}’s iPhone`, ...options });
    this.habits = { trustAfterMs: options.trustAfterMs ?? null };
    this.lockStateNeedsSession = options.lockStateNeedsSession ?? false;
    this.network = new NetworkLink(this.clock);
    this.trusting = new PhoneTrust({
      udid: this.identity.udid,
      clock: this.clock,
      seed: this.seed,
      noise: this.noise,
      habits: this.habits,
      stateFile: options.stateFile ?? null,
      supervision: options.supervision ?? null,
      faults: this.active,
      locked: () => this.passcodeLocked,
      dialog: (dialog) => this.emit('dialog', dialog),
      tapped: (answer) => {
        if (answer === 'trust') this.postNotice(REQUEST_PAIR);
      },
      granted: (hostId) => {
        for (const fault of ENDED_BY_TRUST) this.clearFault(fault);
        this.emit('paired', { hostId });
      },
    });
    this.services = new ServicePorts(this);
    this.notices.setMaxListeners(0);
  }

  get udid(): string {
    return this.identity.udid;
  }

  get faults(): ReadonlySet<PhoneFaultId> {
    return this.active;
  }

  get locked(): boolean {
    return this.passcodeLocked;
  }

  get mode(): 'normal' | 'recovery' {
    return this.currentMode;
  }

  /** The trust dialog on the screen; null when there is none. */
  get dialog(): TrustDialog | null {
    return this.trusting.dialog;
  }

  /** Who rules over it, and what that means for computers that ask to pair. */
  get supervision(): SupervisionGate {
    return this.trusting.gate;
  }

  /** HostIDs of the computers it trusts. */
  get trustedHosts(): string[] {
    return this.trusting.hosts;
  }

  /** DevicePublicKey, PKCS#1 PEM. The first call makes the key (about 0.1 s). */
  async devicePublicKey(): Promise<string> {
    return (await this.trusting.deviceKey()).publicPem;
  }

  setFault(id: PhoneFaultId): void {
    this.active.add(id);
    if (includes(UNTIL_UNLOCKED, id)) this.passcodeLocked = true;
    if (includes(UNTIL_TRUSTED, id)) {
      this.trusting.forgetAll();
      this.dropConnections();
    }
    if (id === 'wifi-sync-off') this.wifiConnections = false;
    if (id === 'hang' || id === 'refused') this.dropConnections();
    this.emit('fault');
  }

  /** Ends one fault, or all of them. What a fault made the phone forget stays forgotten. */
  clearFault(id?: PhoneFaultId): void {
    const ended = id === undefined ? [...this.active] : this.active.has(id) ? [id] : [];
    for (const fault of ended) this.active.delete(fault);
    if (ended.some((f) => includes(UNTIL_UNLOCKED, f)) && !this.has(UNTIL_UNLOCKED)) this.passcodeLocked = false;
    if (ended.includes('trust-denied')) this.trusting.reset();
    if (ended.includes('wifi-sync-off')) this.wifiConnections = true;
    if (ended.length > 0) this.emit('fault');
  }

  /** The holder locks the phone: pairing is refused, sessions of trusted computers go on. */
  lock(): void {
    this.passcodeLocked = true;
  }

  /** The holder enters the passcode. Ends what waited for it. */
  unlock(): void {
    this.passcodeLocked = false;
    for (const fault of UNTIL_UNLOCKED) this.clearFault(fault);
  }

  /** The holder taps Trust. False when no dialog is on the screen. */
  tapTrust(): boolean {
    return this.trusting.tap('trust');
  }

  /** The holder taps Don't Trust. False when no dialog is on the screen. */
  tapDontTrust(): boolean {
    return this.trusting.tap('dont-trust');
  }

  /** The holder resets Location & Privacy: every computer is forgotten. */
  forgetComputers(): void {
    this.trusting.forgetAll();
    this.dropConnections();
  }

  /** The identity of the organisation that supervises the lab's phones: what an administrator would have in a file. */
  organisation(): Promise<LabOrganisation> {
    return labOrganisation(this.seed);
  }

  /** The cable was pulled, or the multiplexer went away. */
  unplugged(): void {
    this.trusting.reset();
    this.dropCable();
    this.services.closeAll();
  }

  /** It left the network, or the multiplexer went away: connections over the network end. */
  outOfRange(): void {
    this.network.drop();
  }

  /** A computer answered the heartbeat. */
  beat(via: Via): void {
    if (via === 'network') this.network.beat();
  }

  /** What happens on a connection to a port; null: nobody listens there. Ports of services take one connection. */
  connect(port: number, via: Via = 'usb'): ((stream: Duplex) => void) | null {
    if (this.currentMode !== 'normal' || this.active.has('refused')) return null;
    const lockdown = (stream: Duplex) => void new LockdownConversation(this, stream, via);
    const service = port === LOCKDOWN_PORT ? null : this.services.take(port);
    if (port !== LOCKDOWN_PORT && service === null) return null;
    return (stream) => {
      if (via === 'network') this.network.add(stream);
      else {
        this.streams.add(stream);
        stream.once('close', () => this.streams.delete(stream));
      }
      if (service === null) lockdown(stream);
      else service(stream, via);
    };
  }

  /** Restarts the phone: connections end; recovery mode is left. */
  restart(): void {
    this.goDown();
    this.clearFault('wifi-hung');
    this.emit('restarted');
    this.changeMode('normal');
  }

  /** A restore put a system onto it. Erased, it trusts nobody and waits in Setup Assistant. It starts when its mode is left. */
  install(system: { productVersion: string; buildVersion: string; erased: boolean }): void {
    const { erased, ...versions } = system;
    this.identity = { ...this.identity, ...versions };
    if (!erased) return;
    this.trusting.forgetAll();
    this.passcodeLocked = false;
    this.setFault('not-activated');
  }

  enterRecovery(): void {
    // The answer to EnterRecovery has to leave first.
    setImmediate(() => {
      this.goDown();
      this.changeMode('recovery');
    });
  }

  /** Ends every connection and alarm. */
  close(): void {
    this.goDown();
    this.removeAllListeners();
    this.notices.removeAllListeners();
  }

  // What lockdownd asks of the phone.

  async value(domain: string | undefined, key: string | undefined, session: boolean, via: Via): Promise<ReturnType<typeof getValue>> {
    return getValue(this.identity, await this.condition(), {
      domain,
      key,
      session,
      lockStateNeedsSession: this.lockStateNeedsSession,
      via,
    });
  }

  /** What the phone would tell of itself now. */
  async condition(): Promise<PhoneCondition> {
    return {
      ...conditionOf(this.active, this.clock.now()),
      locked: this.passcodeLocked,
      wifiConnections: this.wifiConnections,
      devicePublicPem: await this.devicePublicKey(),
      supervised: this.supervision.supervised,
    };
  }

  /** A computer switches Wi-Fi sync. */
  setWifiConnections(on: boolean): void {
    this.wifiConnections = on;
    if (on) this.clearFault('wifi-sync-off');
  }

  pair(offer: OfferedRecord, proof: PairingProof = NO_PROOF, via: Via = 'usb'): Promise<PairReply> {
    return this.trusting.pair(offer, proof, via);
  }

  /** Trusts a computer without asking anybody: how a phone that was paired long ago begins. The record is checked all the same. */
  trust(offer: OfferedRecord): Promise<{ escrowBag: Buffer }> {
    return this.trusting.trust(offer);
  }

  unpair(offer: OfferedRecord): PlistDict | { error: string } {
    return this.trusting.unpair(offer);
  }

  startSession(hostId: string, systemBuid: string | undefined): Promise<LockdownSession | { error: string }> {
    return this.trusting.startSession(hostId, systemBuid);
  }

  startService(name: string, session: LockdownSession | null, escrowBag: Uint8Array | null): PlistDict | { error: string } {
    if (this.active.has('service-invalid')) return { error: 'InvalidService' };
    if (this.active.has('service-prohibited')) return { error: 'ServiceProhibited' };
    const port = this.services.start(name, session, escrowBag);
    if ('error' in port) return port;
    return { Service: name, Port: port.port, ...(port.tls ? { EnableServiceSSL: true } : {}) };
  }

  note(note: RequestNote): void {
    this.emit('request', note);
  }

  postNotice(name: string): void {
    this.notices.emit('notice', name);
  }

  /** Calls `act` with each notice until the returned function is called. */
  onNotice(act: (name: string) => void): () => void {
    this.notices.on('notice', act);
    return () => this.notices.off('notice', act);
  }

  private has(faults: readonly PhoneFaultId[]): boolean {
    return faults.some((f) => this.active.has(f));
  }

  private changeMode(mode: 'normal' | 'recovery'): void {
    if (this.currentMode === mode) return;
    this.currentMode = mode;
    this.emit('mode', mode);
  }

  /** Everything that was going on ends, by cable and over the network. */
  private goDown(): void {
    this.unplugged();
    this.outOfRange();
  }

  private dropConnections(): void {
    this.dropCable();
    this.network.drop();
  }

  private dropCable(): void {
    for (const stream of this.streams) stream.destroy();
    this.streams.clear();
  }
}
