import { KeyId, OrderKeyView, page } from '@lockstep/core/protocol';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { Answers, AnswersNothing, input } from '../platform/index.js';
import { By, From, Require } from './access.guard.js';
import type { Caller } from './caller.js';
import type { Peer } from './doors.js';
import { OrderKeyRotation } from './order-key-rotation.js';
import { OrderKeys } from './order-keys.js';

const OrderKeyPage = page(OrderKeyView);
/** Nothing is chosen: what a rotation does is fixed. */
const RotateBody = z.strictObject({});

/** The keys that sign orders: seen and changed by admins only. */
@Controller('api/v1')
@Require('admin')
export class OrderKeysController {
  constructor(
    @Inject(OrderKeys) private readonly orderKeys: OrderKeys,
    @Inject(OrderKeyRotation) private readonly rotation: OrderKeyRotation,
  ) {}

  @Get('order-keys')
  @Answers(OrderKeyPage, 'The keys that sign orders, the one used now first: public halves only')
  list(): z.output<typeof OrderKeyPage> {
    return { items: this.orderKeys.list(), next: null };
  }

  @Post('order-keys/rotate')
  @Answers(OrderKeyView, 'Go over to a new order key, introduced by the one used now', { 409: ['too-many-keys'] })
  rotate(
    @Body(input(RotateBody, 'body')) _body: z.output<typeof RotateBody>,
    @By() caller: Caller,
    @From() peer: Peer,
  ): Promise<OrderKeyView> {
    return this.rotation.rotate(caller, peer.address);
  }

  @Delete('order-keys/:id')
  @HttpCode(204)
  @AnswersNothing('End an earlier order key, and all before it', { 404: ['not-found'], 409: ['current-key'] })
  revoke(@Param('id', input(KeyId, 'id')) id: string, @By() caller: Caller, @From() peer: Peer): Promise<void> {
    return this.rotation.revoke(id, caller, peer.address);
  }
}
