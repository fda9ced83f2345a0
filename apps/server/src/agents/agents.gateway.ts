import { AGENT_PATH, AGENT_SUBPROTOCOL, CLOSE, LIMITS } from '@lockstep/core/protocol';
import { Inject } from '@nestjs/common';
import { type OnGatewayConnection, type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket, WebSocketServer } from 'ws';
import { Agents } from './agents.js';

/**
 * The door of agents. Only the connection is the framework's: it would handle one client's messages concurrently and swallow bad ones, so
 * every frame goes to our own listener.
 */
@WebSocketGateway({ path: AGENT_PATH })
export class AgentsGateway implements OnGatewayInit, OnGatewayConnection {
  constructor(@Inject(Agents) private readonly agents: Agents) {}

  /** ws itself ends a connection over its limit with 1009; a little more room lets us say `too-large` for what is only a little too much. */
  afterInit(server: WebSocketServer): void {
    server.options.maxPayload = 2 * LIMITS.frameBytes;
  }

  handleConnection(ws: WebSocket): void {
    if (ws.protocol !== AGENT_SUBPROTOCOL) ws.close(...CLOSE.version);
    else this.agents.accept(ws);
  }
}
