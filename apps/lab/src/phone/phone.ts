import { createPublicKey, type KeyObject } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { certificateFor, certificatePem, type PlistDict } from '@lockstep/agent/device';
import { type LabClock, wallClock } from './clock.js';
import { Consent, type HolderHabits, type TrustDialog } from './consent.js';
import { type DeviceKey, seededDeviceKey } from './device-key.js';
import type { PhoneFaultId } from './faults.js';
import { type IdentityChoice, makeIdentity, type PhoneIdentity } from './identity.js';
import { LOCKDOWN_PORT, LockdownConversation } from './lockdown.js';
import { checkOffer, type GrantedPairing, Pairings } from './pairings.js';
import type { LockdownSession, OfferedRecord } from './requests.js';
import { Seeded } from './seeded.js';
import { ServicePorts } from './service-ports.js';
import { REQUEST_PAIR } from './services.js';
import { phoneContext } from './tls.js';
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
  /** GetValue PasswordProtected is refused without a session, as some phones do. */
  lockStateNeedsSession?: boolean;
}

/** Faults that stand only until the holder unlocks the phone. */
const UNTIL_UNLOCKED = ['locked', 'session-locked', 'service-refused'] as const satisfies PhoneFaultId[];
/** Faults that stand only until a computer is trusted anew. */
const UNTIL_TRUSTED = ['forgets-host', 'trust-pending', 'trust-denied', 'trust-ignored'] as const satisfies PhoneFaultId[];
const includes = (list: readonly PhoneFaultId[], id: PhoneFaultId) => list.includes(id);

/** An iPhone as far as a computer can tell over a cable: its identity, its lockdownd, the services behind it, and the holder's taps. */
export class SimulatedPhone extends EventEmitter<PhoneEvents> {
  readonly name: string;
  readonly identity: PhoneIdentity;
  readonly clock: LabClock;
  /** Noise for garbage answers. */
  readonly noise: Seeded;
  readonly habits: HolderHabits;
  wifiConnections = false;

  private readonly seed: Seeded;
  private readonly pairings: Pairings;
  private readonly consent: Consent;
  private readonly services: ServicePorts;
  private readonly active = new Set<PhoneFaultId>();
  private readonly streams = new Set<Duplex>();
  private readonly notices = new EventEmitter<{ notice: [string] }>();
  private readonly contexts = new Map<string, SecureContext>();
  private readonly lockStateNeedsSession: boolean;
  private key: Promise<DeviceKey> | null = null;
  private currentMode: 'normal' | 'recovery' = 'normal';
  private passcodeLocked = false;

  constructor(options: PhoneOptions) {
    super();
    this.name = options.name;
    this.clock = options.clock ?? wallClock;
    this.seed = new Seeded(options.seed);
    this.noise = this.seed.fork('noise');
    this.identity = makeIdentity(this.seed.fork('identity'), { deviceName: `${options.name}’s iPhone`, ...options });
    this.pairings = new Pairings(this.identity.udid, options.stateFile ?? null);
    this.habits = { trustAfterMs: options.trustAfterMs ?? null };
    this.lockStateNeedsSession = options.lockStateNeedsSession ?? false;
    this.consent = new Consent(this.clock, this.habits, (answer) => {
      if (answer === 'trust') this.postNotice(REQUEST_PAIR);
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
    return this.consent.dialog;
  }

  /** HostIDs of the computers it trusts. */
  get trustedHosts(): string[] {
    return this.pairings.all().map((p) => p.hostId);
  }

  /** DevicePublicKey, PKCS#1 PEM. The first call makes the key (about 0.1 s). */
  async devicePublicKey(): Promise<string> {
    return (await this.deviceKey()).publicPem;
  }

  setFault(id: PhoneFaultId): void {
    this.active.add(id);
    if (includes(UNTIL_UNLOCKED, id)) this.passcodeLocked = true;
    if (includes(UNTIL_TRUSTED, id)) {
      this.pairings.forgetAll();
      this.consent.reset();
      this.dropConnections();
    }
    if (id === 'hang' || id === 'refused') this.dropConnections();
    this.emit('fault');
  }

  /** Ends one fault, or all of them. What a fault made the phone forget stays forgotten. */
  clearFault(id?: PhoneFaultId): void {
    const ended = id === undefined ? [...this.active] : this.active.has(id) ? [id] : [];
    for (const fault of ended) this.active.delete(fault);
    if (ended.some((f) => includes(UNTIL_UNLOCKED, f)) && !this.has(UNTIL_UNLOCKED)) this.passcodeLocked = false;
    if (ended.includes('trust-denied')) this.consent.reset();
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
    return this.consent.tap('trust');
  }

  /** The holder taps Don't Trust. False when no dialog is on the screen. */
  tapDontTrust(): boolean {
    return this.consent.tap('dont-trust');
  }

  /** The holder resets Location & Privacy: every computer is forgotten. */
  forgetComputers(): void {
    this.pairings.forgetAll();
    this.consent.reset();
    this.dropConnections();
  }

  /** The cable was pulled, or the multiplexer went away. */
  unplugged(): void {
    this.consent.reset();
    this.dropConnections();
    this.services.closeAll();
  }

  /** What happens on a connection to a port; null: nobody listens there. Ports of services take one connection. */
  connect(port: number): ((stream: Duplex) => void) | null {
    if (this.currentMode !== 'normal' || this.active.has('refused')) return null;
    const serve = port === LOCKDOWN_PORT ? (stream: Duplex) => void new LockdownConversation(this, stream) : this.services.take(port);
    if (serve === null) return null;
    return (stream) => {
      this.streams.add(stream);
      stream.once('close', () => this.streams.delete(stream));
      serve(stream);
    };
  }

  /** Restarts the phone: connections end; recovery mode is left. */
  restart(): void {
    this.unplugged();
    this.changeMode('normal');
  }

  enterRecovery(): void {
    // The answer to EnterRecovery has to leave first.
    setImmediate(() => {
      this.unplugged();
      this.changeMode('recovery');
    });
  }

  /** Ends every connection and alarm. */
  close(): void {
    this.unplugged();
    this.removeAllListeners();
    this.notices.removeAllListeners();
  }

  // What lockdownd asks of the phone.

  async value(domain: string | undefined, key: string | undefined, session: boolean): Promise<ReturnType<typeof getValue>> {
    const { publicPem } = await this.deviceKey();
    const condition = {
      locked: this.passcodeLocked,
      wifiConnections: this.wifiConnections,
      devicePublicPem: publicPem,
      now: this.clock.now(),
    };
    return getValue(this.identity, condition, { domain, key, session, lockStateNeedsSession: this.lockStateNeedsSession });
  }

  async pair(offer: OfferedRecord): Promise<{ EscrowBag: Buffer } | { error: string }> {
    const { publicPem } = await this.deviceKey();
    const checked = checkOffer(offer, publicPem);
    if (!checked.ok) return { error: 'InvalidPairRecord' };
    if (this.passcodeLocked) return { error: 'PasswordProtected' };
    const known = this.pairings.get(offer.hostId);
    const computer = offer.systemBuid ?? offer.hostId;
    // Whether a real phone asks again when a computer it trusts pairs anew with the same record is not known; this one does not.
    const same =
      known !== undefined && known.rootCertificate === checked.rootCertificate && known.deviceCertificate === checked.deviceCertificate;
    if (!same) {
      const was = this.consent.dialog;
      const verdict = this.consent.ask(computer, this.holder());
      const now = this.consent.dialog;
      if (now !== null && was === null) this.emit('dialog', now);
      if (verdict === 'refused') return { error: 'UserDeniedPairing' };
      if (verdict === 'pending') return { error: 'PairingDialogResponsePending' };
    }
    return { EscrowBag: Buffer.from(this.grant({ ...offer, ...checked }).escrowBag, 'base64') };
  }

  /** Trusts a computer without asking anybody: how a phone that was paired long ago begins. The record is checked all the same. */
  async trust(offer: OfferedRecord): Promise<{ escrowBag: Buffer }> {
    const { publicPem } = await this.deviceKey();
    const checked = checkOffer(offer, publicPem);
    if (!checked.ok) throw new RangeError('the pair record was made for another phone, or its certificates do not belong together');
    return { escrowBag: Buffer.from(this.grant({ ...offer, ...checked }).escrowBag, 'base64') };
  }

  unpair(offer: OfferedRecord): PlistDict | { error: string } {
    const known = this.pairings.get(offer.hostId);
    if (known === undefined) return { error: 'InvalidHostID' };
    if (known.hostCertificate.trim() !== Buffer.from(offer.hostCertificate).toString('latin1').trim())
      return { error: 'InvalidPairRecord' };
    this.pairings.forget(offer.hostId);
    return {};
  }

  async startSession(hostId: string, systemBuid: string | undefined): Promise<LockdownSession | { error: string }> {
    const own = (await this.deviceKey()).privateKey;
    const pairing = this.pairings.get(hostId);
    const mine = pairing !== undefined && (systemBuid === undefined || pairing.systemBuid === null || pairing.systemBuid === systemBuid);
    if (!mine) return { error: 'InvalidHostID' };
    if (this.active.has('session-locked')) return { error: 'PasswordProtected' };
    return {
      id: this.noise.uuid(),
      pairing,
      tls: this.active.has('impostor') ? await this.impostorContext() : this.ownContext(pairing, own),
    };
  }

  startService(name: string, session: LockdownSession | null, escrowBag: Uint8Array | null): PlistDict | { error: string } {
    if (this.active.has('service-invalid')) return { error: 'InvalidService' };
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

  private holder(): 'usual' | 'idle' | 'unseen' | 'denies' {
    if (this.active.has('trust-denied')) return 'denies';
    if (this.active.has('trust-ignored')) return 'unseen';
    return this.active.has('trust-pending') ? 'idle' : 'usual';
  }

  private grant(offer: {
    hostId: string;
    systemBuid: string | null;
    deviceCertificate: string;
    hostCertificate: string;
    rootCertificate: string;
  }): GrantedPairing {
    const pairing: GrantedPairing = {
      hostId: offer.hostId,
      systemBuid: offer.systemBuid,
      deviceCertificate: offer.deviceCertificate,
      hostCertificate: offer.hostCertificate,
      rootCertificate: offer.rootCertificate,
      escrowBag: this.noise.bytes(32).toString('base64'),
      grantedAt: this.clock.now(),
    };
    this.pairings.grant(pairing);
    this.consent.spend(offer.systemBuid ?? offer.hostId);
    for (const fault of UNTIL_TRUSTED) this.clearFault(fault);
    this.emit('paired', { hostId: offer.hostId });
    return pairing;
  }

  private has(faults: readonly PhoneFaultId[]): boolean {
    return faults.some((f) => this.active.has(f));
  }

  private deviceKey(): Promise<DeviceKey> {
    this.key ??= seededDeviceKey(this.seed.fork('device-key'));
    return this.key;
  }

  /** The certificate that this computer made for the phone, and the key behind it. Making a context costs a few milliseconds. */
  private ownContext(pairing: GrantedPairing, key: KeyObject): SecureContext {
    let context = this.contexts.get(pairing.deviceCertificate);
    if (context === undefined) {
      context = phoneContext(pairing.deviceCertificate, key);
      this.contexts.set(pairing.deviceCertificate, context);
    }
    return context;
  }

  /** Somebody between computer and phone, with a key and a certificate of his own. */
  private async impostorContext(): Promise<SecureContext> {
    const { privateKey } = await seededDeviceKey(this.seed.fork('impostor-key'));
    const der = certificateFor({
      role: 'device',
      serial: 1,
      subjectKey: createPublicKey(privateKey),
      issuerKey: privateKey,
      now: new Date(this.clock.now()),
    });
    return phoneContext(certificatePem(der), privateKey);
  }

  private changeMode(mode: 'normal' | 'recovery'): void {
    if (this.currentMode === mode) return;
    this.currentMode = mode;
    this.emit('mode', mode);
  }

  private dropConnections(): void {
    for (const stream of this.streams) stream.destroy();
    this.streams.clear();
  }
}
