import {
  LIVE_PATH,
  LIVE_SUBPROTOCOL,
  type LiveMessage,
  type LiveWatch,
  type PairDetail,
  type StatusView,
  type TicketRow,
} from '@lockstep/core/protocol';
import { QueryClient as Client, type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from 'react';
import { announce, HEALTH_WORDS, setServerTime } from '../ui/index.js';
import { parseView } from './fleet-view.js';
import { keys } from './keys.js';
import { Missed } from './missed.js';
import { Memory, offer, patchDetail, patchDetailRow, patchPages, RowMemory, type RowPage } from './patch.js';
import { ApiError } from './problem.js';
import { type LiveDeps, LiveSocket, type LiveState } from './socket.js';
import { applyTickets } from './tickets.js';
import { changeWords } from './words.js';

/** A query client that asks again only where asking again may help. */
export function makeQueryClient(): QueryClient {
  return new Client({
    defaultOptions: {
      queries: {
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        gcTime: 5 * 60_000,
        retry: (count, e) => count < 2 && e instanceof ApiError && e.kind === 'unreachable',
        retryDelay: (n) => 600 * 2 ** n,
      },
      mutations: { retry: false },
    },
  });
}

const browser: LiveDeps = {
  open: (events) => {
    const scheme = window.location.protocol === 'https:' ? 'wss:' : 'ws:';
    const ws = new WebSocket(`${scheme}//${window.location.host}${LIVE_PATH}`, LIVE_SUBPROTOCOL);
    ws.onopen = events.open;
    ws.onmessage = (e) => {
      if (typeof e.data === 'string') events.text(e.data);
    };
    ws.onclose = (e) => events.closed(e.code);
    return {
      send: (text) => {
        if (ws.readyState === WebSocket.OPEN) ws.send(text);
      },
      close: () => ws.close(1000),
    };
  },
  now: () => Date.now(),
  random: () => Math.random(),
  later: (ms, run) => {
    const t = setTimeout(run, ms);
    return () => clearTimeout(t);
  },
};

/** Lays what the socket says into the query cache. No request follows: the rows in view change where they stand. */
export function applyMessage(client: QueryClient, memory: RowMemory, m: LiveMessage): void {
  switch (m.type) {
    case 'hello':
      setServerTime(m.time);
      return;
    case 'summary':
      client.setQueryData(keys.summary, (old: typeof m.summary | undefined) => (old && old.at > m.summary.at ? old : m.summary));
      return;
    case 'pairs':
    case 'pair': {
      const rows = m.type === 'pairs' ? m.rows : [m.detail.pair];
      const changes = memory.changes(rows);
      const news = memory.take(rows);
      if (changes.length > 0) announce(changeWords(changes, (h) => HEALTH_WORDS[h].word));
      if (news.length > 0) {
        for (const [key, data] of client.getQueriesData<InfiniteData<RowPage>>({ queryKey: keys.lists })) {
          if (!data) continue;
          const view = parseView(JSON.parse(String(key[2])) as Record<string, unknown>);
          client.setQueryData(key, patchPages(data, news));
          client.setQueryData(keys.offered(view), (old: string[] | undefined) => offer(data, view, news, old ?? []));
        }
        for (const row of news) client.setQueryData<PairDetail>(keys.pair(row.id), (old) => old && patchDetailRow(old, row));
      }
      if (m.type === 'pair') client.setQueryData<PairDetail>(keys.pair(m.detail.pair.id), (old) => patchDetail(old, m.detail));
    }
  }
}

class Live {
  readonly memory = new RowMemory();
  readonly tickets = new Memory<TicketRow>();
  readonly socket: LiveSocket;
  /** How the server does; null while nothing bad is known. */
  status: StatusView | null = null;
  private readonly missed: Missed;
  private readonly listeners = new Set<() => void>();
  constructor(client: QueryClient, onSignedOut: () => void) {
    const regained = () => {
      void client.invalidateQueries({ queryKey: ['pairs'] });
      void client.invalidateQueries({ queryKey: ['pair'] });
      void client.invalidateQueries({ queryKey: ['tickets'] });
      void client.invalidateQueries({ queryKey: ['ticket'] });
      void client.invalidateQueries({ queryKey: keys.hosts });
      void client.invalidateQueries({ queryKey: keys.orders });
      void client.invalidateQueries({ queryKey: keys.approvals });
    };
    this.missed = new Missed(browser.later, regained);
    this.socket = new LiveSocket(browser, {
      message: (m) => {
        // A new connection begins with hello, and a status follows only when something does not work.
        if (m.type === 'hello') this.become(null);
        if (m.type === 'status') this.become(m.status.status === 'ok' ? null : m.status);
        else if (m.type === 'orders') {
          client.setQueryData(keys.orders, m.orders);
          void client.invalidateQueries({ queryKey: keys.approvals });
        } else if (m.type === 'tickets' || m.type === 'ticket' || m.type === 'ticket-summary') applyTickets(client, this.tickets, m);
        else applyMessage(client, this.memory, m);
      },
      state: (s) => {
        this.tell();
        if (s.status === 'signed-out') onSignedOut();
      },
      regained,
    });
  }
  stop(): void {
    this.missed.stop();
    this.socket.stop();
  }
  private become(status: StatusView | null): void {
    this.missed.take(status);
    this.status = status;
    this.tell();
  }
  private tell(): void {
    for (const l of this.listeners) l();
  }
  subscribe = (l: () => void) => {
    this.listeners.add(l);
    return () => {
      this.listeners.delete(l);
    };
  };
  state = (): LiveState => this.socket.state;
  serverStatus = (): StatusView | null => this.status;
}

const LiveContext = createContext<Live | null>(null);

/** Keeps the live connection while somebody is signed in. */
export function LiveProvider({ children, onSignedOut }: { children: ReactNode; onSignedOut: () => void }) {
  const client = useQueryClient();
  const live = useMemo(() => new Live(client, onSignedOut), [client, onSignedOut]);
  useEffect(() => {
    live.socket.start();
    const retry = () => live.socket.retryNow();
    window.addEventListener('online', retry);
    return () => {
      window.removeEventListener('online', retry);
      live.stop();
    };
  }, [live]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error('outside LiveProvider');
  return live;
}

/** Whether the page is live, and since when. */
export function useLiveState(): { state: LiveState; retry: () => void } {
  const live = useLive();
  const state = useSyncExternalStore(live.subscribe, live.state);
  return { state, retry: () => live.socket.retryNow() };
}

/** What of the server does not work now; null while nothing bad is known. */
export function useServerStatus(): StatusView | null {
  const live = useLive();
  return useSyncExternalStore(live.subscribe, live.serverStatus);
}

/** The newest revision of every row seen: lists that are read are held against it. */
export function useRowMemory(): RowMemory {
  return useLive().memory;
}

/** The same for tickets. */
export function useTicketMemory(): Memory<TicketRow> {
  return useLive().tickets;
}

/** Watches one ticket, or all (null), while the component is shown. */
export function useWatchTickets(ticket: string | null): void {
  useWatching(ticket === null ? 'watch.tickets' : 'watch.ticket', ticket);
}

/** Watches one pair, or the fleet (null), while the component is shown. */
export function useWatch(pair: string | null): void {
  useWatching(pair === null ? 'watch.fleet' : 'watch.pair', pair);
}

function useWatching(type: Exclude<LiveWatch['type'], 'unwatch'>, id: string | null): void {
  const { socket } = useLive();
  useEffect(() => {
    socket.watch(type === 'watch.pair' || type === 'watch.ticket' ? { type, id: id ?? '' } : { type });
    return () => socket.watch({ type: 'unwatch' });
  }, [socket, type, id]);
}
