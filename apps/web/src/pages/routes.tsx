import type { QueryClient } from '@tanstack/react-query';
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import {
  type FleetSearch,
  type HostSearch,
  hostSearchOf,
  keys,
  onSignedOut,
  parseHostView,
  parseTickets,
  parseView,
  searchOf,
  type TicketsSearch,
  ticketsSearch,
} from '../live/index.js';
import { CodesPage } from './codes/CodesPage.js';
import { type CodesSearch, codesSearch, parseCodes } from './codes/view.js';
import { EnrolPage } from './enrol/EnrolPage.js';
import { SetPasswordPage } from './entry/SetPasswordPage.js';
import { SetupPage } from './entry/SetupPage.js';
import { SignInPage } from './entry/SignInPage.js';
import { Frame } from './Frame.js';
import { FleetPage } from './fleet/FleetPage.js';
import { HostsPage } from './hosts/HostsPage.js';
import { Crashed, Nowhere } from './Nowhere.js';
import { OrdersPage } from './orders/OrdersPage.js';
import { PairPage } from './pair/PairPage.js';
import { PeoplePage } from './people/PeoplePage.js';
import { ReplayPage } from './replay/ReplayPage.js';
import { SoftwarePage } from './software/SoftwarePage.js';
import { gateSearch, parseGate, type SoftwareSearch } from './software/view.js';
import { TicketPage } from './tickets/TicketPage.js';
import { TicketsPage } from './tickets/TicketsPage.js';

/* The map. */
const root = createRootRoute({ notFoundComponent: Nowhere, errorComponent: Crashed });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  /** Where to go afterwards: a path of this console, never another site. */
  validateSearch: (s: Record<string, unknown>): { next?: string } =>
    typeof s.next === 'string' && /^\/(?![/\\])/.test(s.next) ? { next: s.next } : {},
  component: SignInPage,
});
/** `/setup#token=…`: what follows the hash is never sent to any server. */
const setup = createRoute({ getParentRoute: () => root, path: '/setup', component: SetupPage });

/** `/set-password#token=…`: likewise. */
const setPassword = createRoute({ getParentRoute: () => root, path: '/set-password', component: SetPasswordPage });

/** Everything that needs somebody signed in. */
const frame = createRoute({ getParentRoute: () => root, id: 'frame', component: Frame });
const fleet = createRoute({
  getParentRoute: () => frame,
  path: '/',
  validateSearch: (s: Record<string, unknown>): FleetSearch => searchOf(parseView(s)),
  component: FleetPage,
});
const pair = createRoute({ getParentRoute: () => frame, path: '/pairs/$pairId', component: PairPage });
const tickets = createRoute({
  getParentRoute: () => frame,
  path: '/tickets',
  validateSearch: (s: Record<string, unknown>): TicketsSearch => ticketsSearch(parseTickets(s)),
  component: TicketsPage,
});
const ticket = createRoute({ getParentRoute: () => frame, path: '/tickets/$ticketId', component: TicketPage });
const hosts = createRoute({
  getParentRoute: () => frame,
  path: '/hosts',
  validateSearch: (s: Record<string, unknown>): HostSearch => hostSearchOf(parseHostView(s)),
  component: HostsPage,
});
const enrol = createRoute({ getParentRoute: () => frame, path: '/enrol', component: EnrolPage });
const codes = createRoute({
  getParentRoute: () => frame,
  path: '/codes',
  validateSearch: (s: Record<string, unknown>): CodesSearch => codesSearch(parseCodes(s)),
  component: CodesPage,
});
const orders = createRoute({ getParentRoute: () => frame, path: '/orders', component: OrdersPage });
const replay = createRoute({ getParentRoute: () => frame, path: '/replay', component: ReplayPage });
const people = createRoute({ getParentRoute: () => frame, path: '/people', component: PeoplePage });

const software = createRoute({
  getParentRoute: () => frame,
  path: '/software',
  validateSearch: (s: Record<string, unknown>): SoftwareSearch => gateSearch(parseGate(s)),
  component: SoftwarePage,
});

const tree = root.addChildren([
  signIn,
  setup,
  setPassword,
  frame.addChildren([fleet, pair, tickets, ticket, hosts, enrol, codes, orders, people, replay, software]),
]);

/** The router of the console. Search parameters are plain text: `?health=broken,waiting&sort=-since`. */
export function makeRouter(client: QueryClient) {
  onSignedOut(() => client.setQueryData(keys.session, null));
  return createRouter({
    routeTree: tree,
    scrollRestoration: true,
    defaultPreload: false,
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const out = new URLSearchParams();
      for (const [k, v] of Object.entries(search)) if (typeof v === 'string' && v !== '') out.set(k, v);
      // Commas are allowed in a query and read better than %2C.
      const text = out.toString().replaceAll('%2C', ',');
      return text === '' ? '' : `?${text}`;
    },
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
