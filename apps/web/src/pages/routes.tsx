import type { QueryClient } from '@tanstack/react-query';
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { type FleetSearch, keys, onSignedOut, parseView, searchOf } from '../live/index.js';
import { EnrolPage } from './enrol/EnrolPage.js';
import { SetupPage } from './entry/SetupPage.js';
import { SignInPage } from './entry/SignInPage.js';
import { Frame } from './Frame.js';
import { FleetPage } from './fleet/FleetPage.js';
import { HostsPage } from './hosts/HostsPage.js';
import { Crashed, Nowhere } from './Nowhere.js';
import { PairPage } from './pair/PairPage.js';

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

/** Everything that needs somebody signed in. */
const frame = createRoute({ getParentRoute: () => root, id: 'frame', component: Frame });
const fleet = createRoute({
  getParentRoute: () => frame,
  path: '/',
  validateSearch: (s: Record<string, unknown>): FleetSearch => searchOf(parseView(s)),
  component: FleetPage,
});
const pair = createRoute({ getParentRoute: () => frame, path: '/pairs/$pairId', component: PairPage });
const hosts = createRoute({ getParentRoute: () => frame, path: '/hosts', component: HostsPage });
const enrol = createRoute({ getParentRoute: () => frame, path: '/enrol', component: EnrolPage });

const tree = root.addChildren([signIn, setup, frame.addChildren([fleet, pair, hosts, enrol])]);

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
