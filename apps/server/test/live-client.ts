import { LIVE_PATH, LIVE_SUBPROTOCOL, LiveMessage } from '@lockstep/core/protocol';
import { WebSocket } from 'ws';

/** A browser's socket, everything it is sent parsed by the contract's schema. */
export class LiveClient {
  readonly messages: LiveMessage[] = [];
  readonly closed: Promise<string>;

  private constructor(readonly ws: WebSocket) {
    ws.on('message', (data) => this.messages.push(LiveMessage.parse(JSON.parse(data.toString()))));
    this.closed = new Promise((resolve) => ws.on('close', (code, reason) => resolve(`${code} ${reason.toString()}`)));
    ws.on('error', () => undefined);
  }

  /** @param base the server's address, which is also the page's origin */
  static async open(base: string, cookie: string): Promise<LiveClient> {
    const ws = new WebSocket(new URL(LIVE_PATH, base.replace(/^http/, 'ws')), [LIVE_SUBPROTOCOL], { headers: { cookie, origin: base } });
    const client = new LiveClient(ws);
    await new Promise<void>((resolve, reject) => {
      ws.once('open', () => resolve());
      ws.once('error', reject);
    });
    return client;
  }

  watch(watch: Record<string, unknown>): void {
    this.ws.send(JSON.stringify(watch));
  }

  /** What is found in the messages, as soon as it is. */
  async until<T>(find: (all: LiveMessage[]) => T | undefined, ms = 15_000): Promise<T> {
    for (const end = Date.now() + ms; ; await new Promise((r) => setTimeout(r, 20))) {
      const found = find(this.messages);
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`not told within ${ms} ms; told: ${JSON.stringify(this.messages).slice(0, 500)}`);
    }
  }
}
