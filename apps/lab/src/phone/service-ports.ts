import type { Duplex } from 'node:stream';
import type { Alarm } from './clock.js';
import type { SimulatedPhone } from './phone.js';
import type { LockdownSession } from './requests.js';
import { SERVICES, ServiceTalk } from './services.js';
import { serveTls } from './tls.js';
import type { Via } from './trust.js';

/** The range from which systems give out ports (RFC 6335, dynamic ports). */
const PORTS = { first: 49_152, count: 16_384 } as const;
/** A started service that nobody connects to is closed again, as a phone's launchd does; a minute is generous. */
const UNCLAIMED_MS = 60_000;

/** The ports that StartService opened. Each takes one connection. */
export class ServicePorts {
  private readonly open = new Map<number, { serve: (stream: Duplex, via: Via) => void; alarm: Alarm }>();
  private next = 0;

  constructor(private readonly phone: SimulatedPhone) {}

  /** StartService: a port, or lockdownd's word. */
  start(name: string, session: LockdownSession | null, escrowBag: Uint8Array | null): { port: number; tls: boolean } | { error: string } {
    const service = SERVICES.get(name);
    if (service === undefined) return { error: session === null ? 'SessionInactive' : 'InvalidService' };
    if (session === null && !service.sessionless) return { error: 'SessionInactive' };
    if (escrowBag !== null && (session === null || !Buffer.from(session.pairing.escrowBag, 'base64').equals(escrowBag)))
      return { error: 'EscrowLocked' };
    if (session !== null && this.phone.faults.has('service-refused')) return { error: 'PasswordProtected' };
    // Since iOS 13 services started in a session speak TLS; the insecure one never does.
    const tls = !service.sessionless;
    const serve = (stream: Duplex, via: Via) => {
      const talk = tls && session !== null ? serveTls(stream, session.tls, session.pairing) : stream;
      for (const s of new Set([stream, talk])) s.on('error', () => s.destroy());
      if (talk !== stream) stream.on('close', () => talk.destroy());
      // Nothing is said before it is known who listens.
      const begin = () => service.serve(this.phone, new ServiceTalk(talk, via, (act) => talk.once('close', act)));
      if (talk === stream) begin();
      else talk.once('secure', () => !talk.destroyed && begin());
    };
    if (this.open.size >= PORTS.count) return { error: 'ServiceLimit' };
    let port: number;
    do port = PORTS.first + (this.next++ % PORTS.count);
    while (this.open.has(port));
    this.open.set(port, { serve, alarm: this.phone.clock.after(UNCLAIMED_MS, () => this.open.delete(port)) });
    return { port, tls };
  }

  /** What serves the one connection to a port; null: closed. */
  take(port: number): ((stream: Duplex, via: Via) => void) | null {
    const entry = this.open.get(port);
    if (entry === undefined) return null;
    entry.alarm.cancel();
    this.open.delete(port);
    return entry.serve;
  }

  closeAll(): void {
    for (const { alarm } of this.open.values()) alarm.cancel();
    this.open.clear();
  }
}
