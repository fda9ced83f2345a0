import { LIVE_PATH, LIVE_SUBPROTOCOL, LiveMessage } from '@lockstep/core/protocol';
import { WebSocket } from 'ws';

/** A browser's socket, everything it is sent parsed by the contract's schema. */
export class Browser {
  readonly messages: LiveMessage[] = [];
  readonly closed: Promise<string>;

  private constructor(readonly ws: WebSocket) {
    ws.on('message', (data) => this.messages.push(LiveMessage.parse(JSON.parse(data.toString()))));
    this.closed = new Promise((resolve) => ws.on('close', (code, reason) => resolve(`${code} ${reason.toString()}`)));
    ws.on('error', () => undefined);
  }

  static async open(port: number, headers: Record<string, string>): Promise<Browser> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}${LIVE_PATH}`, [LIVE_SUBPROTOCOL], { headers });
    const browser = new Browser(ws);
    await new Promise<void>((resolve, reject) => {
      ws.once('open', () => resolve());
      ws.once('error', reject);
    });
    return browser;
  }

  /** Waits until `find` finds something in all that was told so far. */
  async until<T>(find: (all: LiveMessage[]) => T | undefined, ms = 8_000): Promise<T> {
    for (const end = Date.now() + ms; ; await new Promise((r) => setTimeout(r, 20))) {
      const found = find(this.messages);
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`not told within ${ms} ms; told: ${JSON.stringify(this.messages).slice(0, 500)}`);
    }
  }
}
