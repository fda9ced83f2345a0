import { SessionView, SetupState } from '@lockstep/core/protocol';
import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Answers, AnswersNothing, input, ProblemError } from '../platform/index.js';
import { By, From, Public, Require } from './access.guard.js';
import type { Caller } from './caller.js';
import type { Peer } from './doors.js';
import { Sessions, SignIn } from './sessions.js';
import { Setup, SetupRequest } from './setup.js';
import { TokenFiles } from './token-files.js';

/** Signing in and out, and the set-up of the first admin. */
@Controller('api/v1')
export class SessionController {
  constructor(
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(Setup) private readonly setup: Setup,
    @Inject(TokenFiles) private readonly files: TokenFiles,
  ) {}

  @Post('session')
  @Public()
  @Answers(SessionView, 'Sign in: sets the session cookie', { 401: ['sign-in-refused'], 429: ['too-many-attempts'] })
  async signIn(
    @Body(input(SignIn, 'body')) body: z.output<typeof SignIn>,
    @From() peer: Peer,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    const { view, cookie } = await this.sessions.signIn(body, peer);
    reply.header('set-cookie', cookie);
    return view;
  }

  @Get('session')
  @Require('viewer')
  @Answers(SessionView, 'Who is signed in with this cookie', { 404: ['not-found'] })
  async current(@Req() request: FastifyRequest): Promise<SessionView> {
    const session = await this.sessions.find(request.raw);
    if (session === null) throw new ProblemError(404, 'not-found', 'An API token has no session.');
    return session.view;
  }

  @Delete('session')
  @HttpCode(204)
  @Require('viewer')
  @AnswersNothing('Sign out')
  async signOut(@By() caller: Caller, @From() peer: Peer, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    reply.header('set-cookie', await this.sessions.end(caller, peer));
  }

  /** Whether the first admin is still to be set up. */
  @Get('setup')
  @Public()
  @Header('cache-control', 'no-store')
  @Answers(SetupState, 'Whether the first admin is still to be set up')
  async setupState(): Promise<z.output<typeof SetupState>> {
    return { needed: await this.setup.needed() };
  }

  @Post('setup')
  @Public()
  @Answers(SessionView, 'Set up the first admin, once, with the token of this start', {
    403: ['setup-token-refused'],
    410: ['setup-done'],
    429: ['too-many-attempts'],
  })
  async firstAdmin(
    @Body(input(SetupRequest, 'body')) body: z.output<typeof SetupRequest>,
    @From() peer: Peer,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    const { view, cookie } = await this.setup.run(body, peer);
    await this.files.setupFile();
    reply.header('set-cookie', cookie);
    return view;
  }
}
