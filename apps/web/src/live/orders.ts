import { AuditView, OrderKeyView, OrderStopView, OrdersView, page } from '@lockstep/core/protocol';
import { queryOptions } from '@tanstack/react-query';
import { api } from './api.js';
import { keys } from './keys.js';

const KeyPage = page(OrderKeyView);
const AuditPage = page(AuditView);
/** How often what the socket does not carry is read again, ms: how many runs hold a place under the cap. */
const POLL_MS = 20_000;
/** Rows of the audit in view. */
const ROWS = 20;

/** What limits orders. The socket tells when orders are stopped; `fresh` also follows the cap. */
export const ordersQuery = (fresh = false) =>
  queryOptions({
    queryKey: keys.orders,
    staleTime: fresh ? 0 : Number.POSITIVE_INFINITY,
    refetchOnMount: 'always',
    ...(fresh ? { refetchInterval: POLL_MS } : {}),
    queryFn: ({ signal }) => api('/orders', { schema: OrdersView, signal }),
  });

/** For admins. */
export const orderKeysQuery = queryOptions({
  queryKey: keys.orderKeys,
  refetchInterval: POLL_MS,
  queryFn: ({ signal }) => api('/order-keys', { schema: KeyPage, signal }),
});

/** For admins: what was done to orders and their keys, newest first. */
export const orderAuditQuery = queryOptions({
  queryKey: keys.orderAudit,
  refetchInterval: POLL_MS,
  queryFn: async ({ signal }) => {
    const about = (action: string) => api('/audit', { query: { action, limit: ROWS }, schema: AuditPage, signal });
    const [orders, orderKeys] = await Promise.all([about('orders'), about('order-key')]);
    return [...orders.items, ...orderKeys.items].sort((a, b) => Number(b.id) - Number(a.id)).slice(0, ROWS);
  },
});

export const putStop = (body: { stopped: boolean; reason: string }) => api('/orders/stop', { method: 'PUT', body, schema: OrderStopView });
/** The same `key` rotates once. */
export const rotateOrderKey = (key: string) => api('/order-keys/rotate', { method: 'POST', body: {}, key, schema: OrderKeyView });
export const endOrderKey = (id: string) => api<void>(`/order-keys/${encodeURIComponent(id)}`, { method: 'DELETE', schema: null });
