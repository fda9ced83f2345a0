import { MadePasswordLink, PersonView, page, SessionView } from '@lockstep/core/protocol';
import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Answers, AnswersNothing, input } from '../platform/index.js';
import { By, From, Public, Require } from './access.guard.js';
import type { Caller } from './caller.js';
import type { Peer } from './doors.js';
import { ChangePassword, PasswordLinks, SetPassword } from './password-links.js';
import { NewPerson, People, PeopleQuery, PersonChange } from './people.js';

const PeoplePage = page(PersonView);
const Id = z.uuid('must be a UUID');

/** Who may sign in, and how they set their passwords. */
@Controller('api/v1')
export class PeopleController {
  constructor(
    @Inject(People) private readonly people: People,
    @Inject(PasswordLinks) private readonly links: PasswordLinks,
  ) {}

  @Get('people')
  @Require('admin')
  @Answers(PeoplePage, 'People who may sign in, oldest first')
  list(@Query(input(PeopleQuery, 'query')) query: z.output<typeof PeopleQuery>): Promise<z.output<typeof PeoplePage>> {
    return this.people.page(query);
  }

  @Post('people')
  @Require('admin')
  @Answers(MadePasswordLink, 'Add a person; the link by which they set a password is shown this once', {
    403: ['person-required'],
    409: ['email-taken'],
  })
  add(
    @Body(input(NewPerson, 'body')) body: z.output<typeof NewPerson>,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<MadePasswordLink> {
    return this.people.add(body, caller, peer.address);
  }

  @Patch('people/:id')
  @Require('admin')
  @Answers(PersonView, 'Change a person’s role, disable them (ends their sessions at once) or enable them', {
    403: ['person-required'],
    409: ['last-admin'],
  })
  change(
    @Param('id', input(Id, 'id')) id: string,
    @Body(input(PersonChange, 'body')) body: PersonChange,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<PersonView> {
    return this.people.change(id, body, caller, peer.address);
  }

  @Post('people/:id/password-link')
  @Require('admin')
  @Answers(MadePasswordLink, 'Make a new link by which a person sets a password; it is shown this once, and the one before is void', {
    403: ['person-required'],
    409: ['disabled'],
  })
  makeLink(
    @Param('id', input(Id, 'id')) id: string,
    @Body(input(z.strictObject({}), 'body')) _body: Record<string, never>,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<MadePasswordLink> {
    return this.people.makeLink(id, caller, peer.address);
  }

  @Post('password')
  @Public()
  @Answers(SessionView, 'Set a password by a link, once: signs the person in and ends their other sessions', {
    403: ['link-refused'],
    429: ['too-many-attempts'],
  })
  async setPassword(
    @Body(input(SetPassword, 'body')) body: z.output<typeof SetPassword>,
    @From() peer: Peer,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    const { view, cookie } = await this.links.redeem(body, peer);
    reply.header('set-cookie', cookie);
    return view;
  }

  @Put('session/password')
  @HttpCode(204)
  @Require('viewer')
  @AnswersNothing('Change one’s own password; ends one’s other sessions', {
    403: ['person-required', 'wrong-password'],
    409: ['password-changed'],
    429: ['too-many-attempts'],
  })
  changePassword(
    @Body(input(ChangePassword, 'body')) body: z.output<typeof ChangePassword>,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<void> {
    return this.links.change(body, caller, peer.address);
  }
}
