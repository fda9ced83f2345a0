import { SoftwareView } from '@lockstep/core/protocol';
import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import { By, type Caller, From, type Peer, Require } from '../access/index.js';
import { Answers, input } from '../platform/index.js';
import { Software } from './software.js';

/** Nothing is chosen: all feeds are read. */
const RefreshBody = z.strictObject({});

/** What is known of Apple's software, and how old that is. */
@Controller('api/v1/software')
@Require('viewer')
export class SoftwareController {
  constructor(@Inject(Software) private readonly software: Software) {}

  @Get()
  @Answers(SoftwareView, 'The feeds of released software: how old they are, what went wrong, and the newest versions they know')
  view(): SoftwareView {
    return this.software.view();
  }

  @Post('refresh')
  @HttpCode(200)
  @Require('admin')
  @Answers(SoftwareView, 'Read the feeds of released software now', { 409: ['feeds-off'] })
  refresh(
    @Body(input(RefreshBody, 'body')) _body: z.output<typeof RefreshBody>,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<SoftwareView> {
    return this.software.refresh(caller, peer.address);
  }
}
