import { X509Certificate } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** What a phone keeps of a computer it trusts. The computer's private keys never reach it. */
export interface GrantedPairing {
  hostId: string;
  systemBuid: string | null;
  /** PEM, as the computer sent them. */
  deviceCertificate: string;
  hostCertificate: string;
  rootCertificate: string;
  /** 32 bytes that the computer presents to unlock a service's data, base64. */
  escrowBag: string;
  grantedAt: number;
}

const Stored = z.object({
  schema: z.literal(1),
  udid: z.string(),
  pairings: z.array(
    z.object({
      hostId: z.string().min(1).max(128),
      systemBuid: z.string().max(128).nullable(),
      deviceCertificate: z.string(),
      hostCertificate: z.string(),
      rootCertificate: z.string(),
      escrowBag: z.base64(),
      grantedAt: z.number(),
    }),
  ),
});

/** The state file cannot be used; the message names the file and the field. */
export class StateFileError extends Error {
  override readonly name = 'StateFileError';
}

/** The computers a phone trusts, kept in a file (0600, replaced as a whole) when there is one, else as long as the phone lives. */
export class Pairings {
  private readonly byHost = new Map<string, GrantedPairing>();

  /** Reads the file if it exists. Throws StateFileError when it is not this phone's, or is damaged: it is never overwritten then. */
  constructor(
    private readonly udid: string,
    private readonly file: string | null,
  ) {
    const text = file === null ? null : readIfThere(file);
    if (text === null) return;
    const stored = Stored.safeParse(parseJson(text));
    if (!stored.success) {
      const issue = stored.error.issues[0];
      throw new StateFileError(`${file}: ${issue?.path.join('.') || 'content'}: ${issue?.message ?? 'not a state file'}`);
    }
    if (stored.data.udid !== udid) throw new StateFileError(`${file}: udid: belongs to another phone (${stored.data.udid})`);
    for (const pairing of stored.data.pairings) this.byHost.set(pairing.hostId, pairing);
  }

  get(hostId: string): GrantedPairing | undefined {
    return this.byHost.get(hostId);
  }

  all(): GrantedPairing[] {
    return [...this.byHost.values()];
  }

  grant(pairing: GrantedPairing): void {
    this.byHost.set(pairing.hostId, pairing);
    this.write();
  }

  /** Whether there was one to forget. */
  forget(hostId: string): boolean {
    const known = this.byHost.delete(hostId);
    if (known) this.write();
    return known;
  }

  forgetAll(): void {
    this.byHost.clear();
    this.write();
  }

  private write(): void {
    if (this.file === null) return;
    const next = `${this.file}.new`;
    writeFileSync(next, `${JSON.stringify({ schema: 1, udid: this.udid, pairings: this.all() }, null, 1)}\n`, { mode: 0o600 });
    // The mode of writeFile counts only for a file that is not there yet.
    chmodSync(next, 0o600);
    renameSync(next, this.file);
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new StateFileError(`${file}: ${(error as Error).message}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The certificates of a pair record that a computer offers, or the lockdown word for what is wrong with them. */
export function checkOffer(
  offer: { deviceCertificate: Uint8Array; hostCertificate: Uint8Array; rootCertificate: Uint8Array },
  devicePublicPem: string,
): { ok: true; deviceCertificate: string; hostCertificate: string; rootCertificate: string } | { ok: false } {
  try {
    const device = new X509Certificate(offer.deviceCertificate);
    const host = new X509Certificate(offer.hostCertificate);
    const root = new X509Certificate(offer.rootCertificate);
    // A certificate for another phone's key is useless here: this phone could never prove that it holds the private half.
    const mine = device.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString() === devicePublicPem;
    const signed = root.verify(root.publicKey) && device.verify(root.publicKey) && host.verify(root.publicKey);
    if (!mine || !signed) return { ok: false };
    return { ok: true, deviceCertificate: device.toString(), hostCertificate: host.toString(), rootCertificate: root.toString() };
  } catch {
    return { ok: false };
  }
}
