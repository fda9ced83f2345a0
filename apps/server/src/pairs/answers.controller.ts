import { AnswerView } from '@lockstep/core/protocol';
import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { By, type Caller, From, type Peer, Require } from '../access/index.js';
import { Answers, input } from '../platform/index.js';
import { AnswerBody } from './answering.js';
import { Pairs } from './pairs.js';

/** What people say about a pair. */
@Controller('api/v1')
@Require('technician')
export class AnswersController {
  constructor(@Inject(Pairs) private readonly pairs: Pairs) {}

  /** Kept beside earlier answers to the same question, and diagnosed with at once. */
  @Post('pairs/:id/answers')
  @Answers(AnswerView, 'Answer a question about a pair', { 404: ['not-found'] })
  answer(
    @Param('id', input(z.uuid(), 'id')) id: string,
    @Body(input(AnswerBody, 'body')) body: AnswerBody,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<AnswerView> {
    return this.pairs.answer(id, body, caller, peer.address);
  }
}
