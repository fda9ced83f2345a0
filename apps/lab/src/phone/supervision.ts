import { createPublicKey, X509Certificate } from 'node:crypto';
import { certificateFor, certificatePem, type PlistDict } from '@lockstep/agent/device';
import { provesIdentity } from './challenge.js';
import { keptDeviceKey } from './device-key.js';
import type { PhoneFaultId } from './faults.js';
import type { Seeded } from './seeded.js';

/** By whom a phone is supervised. */
export interface Supervision {
  organisation: string;
  /** The supervising certificate, PEM or DER; null: none was ever set, and then a phone that is closed to others is closed to all. */
  certificate: Uint8Array | null;
  /** Computers outside the organisation may pair (allowHostPairing). */
  allowsPairing: boolean;
}

/** What an organisation keeps in its safe. */
export interface LabOrganisation {
  name: string;
  certificate: Buffer;
  privateKey: Buffer;
}

/** A refusal by lockdownd's word, with what it may carry (ExtendedResponse). */
export interface Refusal {
  error: string;
  extended?: PlistDict;
}

/** What a Pair request says besides its record. */
export interface PairingProof {
  supervisorCertificate: Uint8Array | null;
  challengeResponse: Uint8Array | null;
}

/** The organisation that supervises phones of the lab unless told otherwise. */
export const LAB_ORGANISATION = 'Lockstep Lab';
const CHALLENGE_BYTES = 32;
/** Computers that were given a challenge and have not answered. */
const MAX_CHALLENGES = 16;
/** The certificate's first day: that of the lab's own clock. */
const CERTIFIED_AT = new Date(Date.UTC(2026, 0, 1));

/** An organisation's identity, PEM; the same seed is the same identity. */
export async function labOrganisation(seed: Seeded, name = LAB_ORGANISATION): Promise<LabOrganisation> {
  const { privateKey } = await keptDeviceKey(seed.fork('organisation'));
  const subjectKey = createPublicKey(privateKey);
  const der = certificateFor({ role: 'host', serial: 4_711, subjectKey, issuerKey: privateKey, now: CERTIFIED_AT });
  return {
    name,
    certificate: Buffer.from(certificatePem(der)),
    privateKey: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

/** How a supervised phone decides about computers that ask to pair, before its holder is asked anything. */
export class SupervisionGate {
  private readonly certificate: Buffer | null;
  private readonly challenges = new Map<string, Buffer>();

  constructor(
    readonly supervision: Supervision | null,
    private readonly faults: ReadonlySet<PhoneFaultId>,
    private readonly noise: Seeded,
  ) {
    this.certificate = supervision?.certificate ? Buffer.from(new X509Certificate(supervision.certificate).raw) : null;
  }

  /** Whether somebody rules over the phone, by its options or by a fault. */
  get supervised(): boolean {
    return this.supervision !== null || this.restricted || this.faults.has('service-prohibited');
  }

  get organisation(): string | null {
    return this.supervision?.organisation ?? (this.supervised ? LAB_ORGANISATION : null);
  }

  /** Whether computers outside the organisation may not pair. */
  get restricted(): boolean {
    const { faults } = this;
    return (
      this.supervision?.allowsPairing === false ||
      faults.has('supervised-closed') ||
      faults.has('supervised-challenge') ||
      faults.has('supervised-elsewhere')
    );
  }

  /** `ask`: the holder decides; `grant`: proven, without a dialog; else the answer. */
  judge(computer: string, proof: PairingProof): 'ask' | 'grant' | Refusal {
    if (this.faults.has('supervised-elsewhere')) return { error: 'ProhibitedBySupervision' };
    if (this.faults.has('supervised-closed')) return { error: 'MCProtected' };
    if (proof.challengeResponse !== null) return this.answered(computer, proof.challengeResponse) ? 'grant' : { error: 'MCProtected' };
    if (proof.supervisorCertificate !== null && this.certificate?.equals(proof.supervisorCertificate)) return this.challenge(computer);
    if (this.faults.has('supervised-challenge')) return { error: 'MCChallengeRequired' };
    return this.restricted ? { error: 'MCProtected' } : 'ask';
  }

  private challenge(computer: string): Refusal {
    const challenge = this.noise.bytes(CHALLENGE_BYTES);
    const [oldest] = this.challenges.keys();
    if (this.challenges.size >= MAX_CHALLENGES && oldest !== undefined) this.challenges.delete(oldest);
    this.challenges.set(computer, challenge);
    return { error: 'MCChallengeRequired', extended: { PairingChallenge: challenge } };
  }

  /** A challenge is good for one answer. */
  private answered(computer: string, response: Uint8Array): boolean {
    const challenge = this.challenges.get(computer);
    this.challenges.delete(computer);
    return challenge !== undefined && this.certificate !== null && provesIdentity(response, challenge, this.certificate);
  }
}
