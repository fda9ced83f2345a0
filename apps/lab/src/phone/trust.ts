import { createPublicKey, type KeyObject } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { certificateFor, certificatePem, type PlistDict } from '@lockstep/agent/device';
import type { LabClock } from './clock.js';
import { Consent, type HolderHabits, type TrustDialog } from './consent.js';
import { type DeviceKey, keptDeviceKey } from './device-key.js';
import type { PhoneFaultId } from './faults.js';
import { checkOffer, type GrantedPairing, Pairings } from './pairings.js';
import type { LockdownSession, OfferedRecord } from './requests.js';
import type { Seeded } from './seeded.js';
import { type PairingProof, type Refusal, type Supervision, SupervisionGate } from './supervision.js';
import { phoneContext } from './tls.js';

/** How a computer reaches a phone. */
export type Via = 'usb' | 'network';

/** The answer to Pair: the escrow key (kept back by a locked phone), or a word, which a challenge may come with. */
export type PairReply = { EscrowBag?: Buffer } | Refusal;

/** What a phone's trust depends on. */
export interface TrustOptions {
  udid: string;
  clock: LabClock;
  seed: Seeded;
  noise: Seeded;
  habits: HolderHabits;
  stateFile: string | null;
  supervision: Supervision | null;
  /** The faults that stand now. */
  faults: ReadonlySet<PhoneFaultId>;
  /** Locked with the passcode now. */
  locked(): boolean;
  /** The trust dialog appeared. */
  dialog(dialog: TrustDialog): void;
  /** A tap changed something. */
  tapped(answer: 'trust' | 'dont-trust'): void;
  /** A computer was granted its pairing. */
  granted(hostId: string): void;
}

/** Which computers a phone trusts and how they come to be: its key, the pairings, the holder's taps, the organisation's say. */
export class PhoneTrust {
  readonly gate: SupervisionGate;
  private readonly pairings: Pairings;
  private readonly consent: Consent;
  private readonly contexts = new Map<string, SecureContext>();
  private key: Promise<DeviceKey> | null = null;

  constructor(private readonly o: TrustOptions) {
    this.gate = new SupervisionGate(o.supervision, o.faults, o.noise.fork('challenges'));
    this.pairings = new Pairings(o.udid, o.stateFile);
    this.consent = new Consent(o.clock, o.habits, (answer) => o.tapped(answer));
  }

  get dialog(): TrustDialog | null {
    return this.consent.dialog;
  }

  get hosts(): string[] {
    return this.pairings.all().map((p) => p.hostId);
  }

  /** The first call makes the key (about 0.1 s), unless this process made that of this seed before. */
  deviceKey(): Promise<DeviceKey> {
    this.key ??= keptDeviceKey(this.o.seed.fork('device-key'));
    return this.key;
  }

  /** A tap on the dialog. Whether there was one. */
  tap(answer: 'trust' | 'dont-trust'): boolean {
    return this.consent.tap(answer);
  }

  /** The dialog is gone, and a refusal no longer stands. */
  reset(): void {
    this.consent.reset();
  }

  forgetAll(): void {
    this.pairings.forgetAll();
    this.consent.reset();
  }

  async pair(offer: OfferedRecord, proof: PairingProof, via: Via): Promise<PairReply> {
    const { faults } = this.o;
    const { publicPem } = await this.deviceKey();
    const checked = checkOffer(offer, publicPem);
    if (!checked.ok) return { error: 'InvalidPairRecord' };
    if (via === 'network') return { error: 'PairingProhibitedOverThisConnection' };
    if (faults.has('lost-mode')) return { error: 'FMiPProtected' };
    const verdict = this.gate.judge(offer.hostId, proof);
    if (verdict === 'grant') {
      const { escrowBag } = this.grant({ ...offer, ...checked });
      // A locked phone grants, and keeps its escrow key (go-ios pair.go).
      return this.o.locked() ? {} : { EscrowBag: Buffer.from(escrowBag, 'base64') };
    }
    if (verdict !== 'ask') return verdict;
    if (this.o.locked()) return { error: 'PasswordProtected' };
    const known = this.pairings.get(offer.hostId);
    // Whether a real phone asks again when a computer it trusts pairs anew with the same record is not known; this one does not.
    const same =
      known !== undefined && known.rootCertificate === checked.rootCertificate && known.deviceCertificate === checked.deviceCertificate;
    const refusal = same ? null : this.askHolder(offer.systemBuid ?? offer.hostId);
    if (refusal !== null) return { error: refusal };
    if (faults.has('record-unsavable')) return { error: 'SavePairRecordFailed' };
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
    const { faults, noise } = this.o;
    const own = (await this.deviceKey()).privateKey;
    const pairing = this.pairings.get(hostId);
    const mine = pairing !== undefined && (systemBuid === undefined || pairing.systemBuid === null || pairing.systemBuid === systemBuid);
    if (!mine) return { error: 'InvalidHostID' };
    if (faults.has('lost-mode')) return { error: 'FMiPProtected' };
    if (faults.has('before-first-unlock')) return { error: 'EscrowLocked' };
    if (faults.has('session-locked')) return { error: 'PasswordProtected' };
    return {
      id: noise.uuid(),
      pairing,
      tls: faults.has('impostor') ? await this.impostorContext() : this.ownContext(pairing, own),
    };
  }

  /** The word of a refusal; null when the holder has agreed. */
  private askHolder(computer: string): string | null {
    const was = this.consent.dialog;
    const verdict = this.consent.ask(computer, this.holder());
    const now = this.consent.dialog;
    if (now !== null && was === null) this.o.dialog(now);
    if (verdict === 'refused') return 'UserDeniedPairing';
    return verdict === 'pending' ? 'PairingDialogResponsePending' : null;
  }

  private holder(): 'usual' | 'idle' | 'unseen' | 'denies' {
    const { faults } = this.o;
    if (faults.has('trust-denied')) return 'denies';
    if (faults.has('trust-ignored')) return 'unseen';
    return faults.has('trust-pending') ? 'idle' : 'usual';
  }

  private grant(offer: Omit<GrantedPairing, 'escrowBag' | 'grantedAt'>): GrantedPairing {
    const pairing: GrantedPairing = {
      hostId: offer.hostId,
      systemBuid: offer.systemBuid,
      deviceCertificate: offer.deviceCertificate,
      hostCertificate: offer.hostCertificate,
      rootCertificate: offer.rootCertificate,
      escrowBag: this.o.noise.bytes(32).toString('base64'),
      grantedAt: this.o.clock.now(),
    };
    this.pairings.grant(pairing);
    this.consent.spend(offer.systemBuid ?? offer.hostId);
    this.o.granted(offer.hostId);
    return pairing;
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
    const { privateKey } = await keptDeviceKey(this.o.seed.fork('impostor-key'));
    const der = certificateFor({
      role: 'device',
      serial: 1,
      subjectKey: createPublicKey(privateKey),
      issuerKey: privateKey,
      now: new Date(this.o.clock.now()),
    });
    return phoneContext(certificatePem(der), privateKey);
  }
}
