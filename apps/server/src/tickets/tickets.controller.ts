import { AssigneeView, page, TicketDetail, TicketEventView, TicketRow, TicketSummary } from '@lockstep/core/protocol';
import { Body, Controller, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { By, type Caller, From, type Peer, Require } from '../access/index.js';
import { Answers, input } from '../platform/index.js';
import { NewComment, TicketPatch } from './edit.js';
import { TicketsQuery } from './ticket-list.js';
import { Tickets } from './tickets.js';

const Id = z.uuid();
const TicketPage = page(TicketRow);
const AssigneeList = z.object({ items: z.array(AssigneeView) });

/** Tickets: the server files and closes them, people give them to somebody and add their word. */
@Controller('api/v1')
@Require('viewer')
export class TicketsController {
  constructor(@Inject(Tickets) private readonly tickets: Tickets) {}

  @Get('tickets')
  @Answers(TicketPage, 'Tickets, the most urgent first')
  list(@Query(input(TicketsQuery, 'query')) query: TicketsQuery, @By() caller: Caller): Promise<z.output<typeof TicketPage>> {
    return this.tickets.list(query, caller);
  }

  @Get('tickets/summary')
  @Answers(TicketSummary, 'Counts of the open tickets')
  summary(): Promise<TicketSummary> {
    return this.tickets.summary();
  }

  @Get('ticket-assignees')
  @Require('technician')
  @Answers(AssigneeList, 'Names a ticket may be given to without typing')
  async assignees(): Promise<z.output<typeof AssigneeList>> {
    return { items: await this.tickets.assignees() };
  }

  @Get('tickets/:id')
  @Answers(TicketDetail, 'One ticket with its story')
  ticket(@Param('id', input(Id, 'id')) id: string): Promise<TicketDetail> {
    return this.tickets.detail(id);
  }

  @Patch('tickets/:id')
  @Require('technician')
  @Answers(TicketDetail, 'Set priority or assignee, or close a ticket with a reason', { 409: ['already-closed'] })
  patch(
    @Param('id', input(Id, 'id')) id: string,
    @Body(input(TicketPatch, 'body')) body: TicketPatch,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<TicketDetail> {
    return this.tickets.patch(id, body, caller, peer.address);
  }

  @Post('tickets/:id/comments')
  @Require('technician')
  @Answers(TicketEventView, 'Comment on a ticket')
  comment(
    @Param('id', input(Id, 'id')) id: string,
    @Body(input(NewComment, 'body')) body: NewComment,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<TicketEventView> {
    return this.tickets.comment(id, body, caller, peer.address);
  }
}
