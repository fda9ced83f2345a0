import type { IncomingMessage } from 'node:http';
import { AGENT_PATH, AGENT_SUBPROTOCOL, LIMITS, LIVE_PATH, LIVE_SUBPROTOCOL } from '@lockstep/core/protocol';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import type { Doors } from './access/index.js';
import { problemOf } from './platform/index.js';

const SUBPROTOCOL: Record<string, string> = { [AGENT_PATH]: AGENT_SUBPROTOCOL, [LIVE_PATH]: LIVE_SUBPROTOCOL };

type VerifyAnswer = (ok: boolean, status?: number, message?: string, headers?: Record<string, string>) => void;

/** The sockets, with the limits of the protocol and the same doors as requests: what may not enter is refused before the upgrade. */
export class SocketAdapter extends WsAdapter {
  constructor(
    app: NestFastifyApplication,
    private readonly doors: Doors,
  ) {
    super(app);
  }

  /** Each room listens to its sockets itself: the framework would parse every frame a second time, for handlers that do not exist. */
  override bindMessageHandlers(): void {}

  override create(port: number, options: { path?: string } = {}): unknown {
    const path = options.path ?? '';
    return super.create(port, {
      ...options,
      // Once one compressed frame was sent, a connection keeps 228 KB instead of 12 KB.
      perMessageDeflate: false,
      maxPayload: LIMITS.frameBytes,
      handleProtocols: (offered: Set<string>) => {
        const ours = SUBPROTOCOL[path];
        return ours !== undefined && offered.has(ours) ? ours : false;
      },
      verifyClient: ({ req }: { req: IncomingMessage }, answer: VerifyAnswer) => {
        try {
          this.check(req, path);
          answer(true);
        } catch (error) {
          const problem = problemOf(error);
          answer(false, problem.status, JSON.stringify(problem.toProblem()), {
            'Content-Type': 'application/problem+json; charset=utf-8',
            ...problem.headers,
          });
        }
      },
    });
  }

  private check(req: IncomingMessage, path: string): void {
    this.doors.checkHost(req);
    const peer = this.doors.peer(req);
    if (path === AGENT_PATH) {
      this.doors.checkEncrypted(peer);
      this.doors.checkOrigin(req, peer, false); // an agent names none; a page that plays agent does
    } else {
      this.doors.checkOrigin(req, peer, req.headers.authorization === undefined);
    }
  }
}
