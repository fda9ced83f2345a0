import type { IncomingMessage } from 'node:http';
import { LIVE_PATH, LIVE_SUBPROTOCOL } from '@lockstep/core/protocol';
import { Inject } from '@nestjs/common';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { Authentication } from '../access/index.js';
import { Log, ProblemError } from '../platform/index.js';
import { Live } from './live.js';

/** Protocol error (RFC 6455), and this server's own words for who may not watch: the HTTP statuses as 44xx. */
const PROTOCOL_ERROR = 1002;
const INTERNAL = 1011;

/** The browsers' door. Host and page were checked before the upgrade; here it is found out who watches. */
@WebSocketGateway({ path: LIVE_PATH })
export class LiveGateway implements OnGatewayConnection {
  constructor(
    @Inject(Live) private readonly live: Live,
    @Inject(Authentication) private readonly authentication: Authentication,
    @Inject(Log) private readonly log: Log,
  ) {}

  async handleConnection(ws: WebSocket, req: IncomingMessage): Promise<void> {
    if (ws.protocol !== LIVE_SUBPROTOCOL) return ws.close(PROTOCOL_ERROR, 'sub-protocol');
    // Nothing is read before it is known who speaks.
    ws.pause();
    try {
      const caller = await this.authentication.callerOfUpgrade(req);
      // It may have gone while we looked.
      if (ws.readyState === ws.OPEN) this.live.accept(ws, caller);
    } catch (error) {
      if (error instanceof ProblemError) return ws.close(4000 + error.status, error.code);
      this.log.warn('a browser could not be let in', { error });
      return ws.close(INTERNAL, 'internal');
    } finally {
      ws.resume();
    }
  }
}
