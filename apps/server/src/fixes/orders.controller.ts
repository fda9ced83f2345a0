import { OrderStopView, OrdersView } from '@lockstep/core/protocol';
import { Body, Controller, Get, Inject, Put } from '@nestjs/common';
import { By, type Caller, From, type Peer, Require } from '../access/index.js';
import { Answers, input } from '../platform/index.js';
import { Fixes } from './fixes.js';
import { StopBody } from './order-switch.js';

/** What limits all orders. Everybody sees it; a technician may stop, an admin may let them be sent again. */
@Controller('api/v1')
@Require('viewer')
export class OrdersController {
  constructor(@Inject(Fixes) private readonly fixes: Fixes) {}

  @Get('orders')
  @Answers(OrdersView, 'What limits orders now: the switch that stops them, and the fleet-wide cap on fixes that interrupt people')
  orders(): Promise<OrdersView> {
    return this.fixes.orders.view();
  }

  @Get('orders/stop')
  @Answers(OrderStopView, 'Whether all orders are stopped, by whom, and why')
  stopped(): Promise<OrderStopView> {
    return this.fixes.orders.stopped();
  }

  /** Stopped twice it is stopped once: who was first stays named. */
  @Put('orders/stop')
  @Require('technician')
  @Answers(OrderStopView, 'Stop all orders, or (admins only) let them be sent again')
  stop(@Body(input(StopBody, 'body')) body: StopBody, @By() caller: Caller, @From() peer: Peer): Promise<OrderStopView> {
    return this.fixes.orders.stop(body, caller, peer.address);
  }
}
