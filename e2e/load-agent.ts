import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { enrolmentRequest, keyIdOf, keyOf, textToProve } from './spec-agent.mjs';

const HOST = { hostname: 'load', os: 'linux', osVersion: 'Debian GNU/Linux 12', arch: 'x64', agent: 'load' } as const;
const nonce = () => randomBytes(32).toString('base64url');

interface Sent {
  seq: number;
  frame: string;
}

/**
 * An agent that only talks: it reports numbered facts as fast as it may and keeps what is not acknowledged. Each message writes its
 * own number into two facts, so that every acknowledged message can be looked for in the database afterwards.
 */
export class LoadAgent {
  /** Highest number the server acknowledged. */
  acked = 0;
  seq = 0;
  readonly epoch = randomBytes(16).toString('hex');
  private readonly waiting: Sent[] = [];
  private ws: WebSocket | null = null;
  private timer: NodeJS.Timeout | null = null;
  private retry: NodeJS.Timeout | null = null;
  private stopped = false;
  private open = false;

  private constructor(
    private readonly url: string,
    readonly hostId: string,
    private readonly key: ReturnType<typeof keyOf>,
    private readonly orderKey: string,
    /** Devices it claims to have: message n is about device n mod slots. */
    readonly slots: number,
    private readonly everyMs: number,
  ) {}

  static async enrol(url: string, token: string, slots: number, everyMs: number): Promise<LoadAgent> {
    const key = keyOf(nonce());
    const response = await fetch(`${url}/agent/v1/enrol`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(enrolmentRequest(key, token, HOST)),
    });
    const answer = (await response.json()) as { hostId: string; orderKey: string };
    if (!response.ok) throw new Error(`enrolment answered ${response.status}: ${JSON.stringify(answer)}`);
    return new LoadAgent(url, answer.hostId, key, answer.orderKey, slots, everyMs);
  }

  static udid(slot: number): string {
    return `00008110-${slot.toString(16).toUpperCase().padStart(16, '0')}`;
  }

  start(): void {
    this.connect();
    this.timer = setInterval(() => this.say(), this.everyMs);
  }

  stop(): void {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
    if (this.retry) clearTimeout(this.retry);
    this.ws?.terminate();
  }

  /** Everything it said is acknowledged. */
  get settled(): boolean {
    return this.waiting.length === 0;
  }

  /** Says nothing more; what waits is still sent. */
  hush(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  private say(): void {
    if (this.waiting.length >= 60) return;
    const seq = ++this.seq;
    const at = new Date().toISOString();
    const base = { state: 'seen', at, probe: 'load', tookMs: 1 };
    const facts = [
      {
        ...base,
        kind: 'agent-self',
        subject: 'host',
        reading: {
          agent: 'load',
          os: 'linux',
          osVersion: '12',
          arch: 'x64',
          hostname: 'load',
          privileged: true,
          lab: true,
          uptimeS: seq,
          outbox: { waiting: 0, dropped: 0 },
        },
      },
      {
        ...base,
        kind: 'mux-device',
        subject: { udid: LoadAgent.udid(seq % this.slots) },
        reading: { connection: 'usb', alsoNetwork: false, locationId: seq },
      },
    ];
    const sent = { seq, frame: JSON.stringify({ type: 'facts', epoch: this.epoch, seq, at, full: false, facts }) };
    this.waiting.push(sent);
    if (this.open) this.ws?.send(sent.frame);
  }

  private connect(): void {
    const ws = new WebSocket(this.url.replace(/^http/, 'ws').concat('/agent/v1'), ['lockstep-agent.v1'], { perMessageDeflate: false });
    this.ws = ws;
    const hello = {
      type: 'agent.hello',
      version: 1,
      hostId: this.hostId,
      epoch: this.epoch,
      nonce: nonce(),
      keyId: keyIdOf(this.orderKey),
    };
    ws.on('open', () => ws.send(JSON.stringify(hello)));
    ws.on('error', () => {});
    ws.on('message', (data) => {
      const m = JSON.parse(data.toString());
      if (m.type === 'server.challenge') {
        const lines = textToProve(hello, m, this.orderKey);
        if (lines === null) throw new Error('the server did not prove its key');
        ws.send(JSON.stringify({ type: 'agent.proof', signature: this.key.sign('agent', lines), host: HOST }));
      } else if (m.type === 'server.welcome') {
        this.forget(m.acked);
        this.open = true;
        for (const { frame } of this.waiting) ws.send(frame);
      } else if (m.type === 'ack') this.forget(m.seq);
    });
    ws.on('close', () => {
      this.open = false;
      if (!this.stopped) this.retry = setTimeout(() => this.connect(), 50 + Math.random() * 100);
    });
  }

  private forget(acked: number): void {
    this.acked = Math.max(this.acked, acked);
    while (this.waiting[0] && this.waiting[0].seq <= acked) this.waiting.shift();
  }
}
