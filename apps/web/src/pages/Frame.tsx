import { printable } from '@lockstep/core/health';
import { Menu } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouter, useRouterState } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import { enter, keys, LiveProvider, ordersQuery, sessionQuery, signOut, useLiveState, useServerStatus } from '../live/index.js';
import { Announcer, KeyHelp, LoadingRows, Name, timeOfDay, useCommands, useTicking } from '../ui/index.js';
import { Brand } from './Brand.js';
import { ChangePassword } from './entry/index.js';
import styles from './Frame.module.css';
import { Problem } from './Problem.js';
import { ThemeMenu } from './ThemeMenu.js';
import { WORDS } from './words.js';

/** The bar on top, the live connection, the keyboard, and the page below. Without a session: to the door. */
export function Frame() {
  const session = useQuery(sessionQuery);
  const client = useQueryClient();
  const router = useRouter();
  const onSignedOut = useCallback(() => client.setQueryData(keys.session, null), [client]);
  const nobody = session.data === null;
  // Once, and with the address of that moment: this frame is still shown while the way to the door is under way.
  useEffect(() => {
    if (!nobody) return;
    const here = router.state.location.href;
    void router.navigate({ to: '/sign-in', search: here === '/' ? {} : { next: here }, replace: true });
  }, [nobody, router]);
  if (!session.data) {
    return (
      <main className={styles.pad}>
        {session.isError ? <Problem error={session.error} onRetry={() => void session.refetch()} /> : <LoadingRows label={WORDS.loading} />}
      </main>
    );
  }
  return (
    <LiveProvider onSignedOut={onSignedOut}>
      <Signed name={session.data.person.name} email={session.data.person.email} role={session.data.person.role} />
    </LiveProvider>
  );
}

function Signed({ name, email, role }: { name: string; email: string; role: keyof typeof WORDS.person.role }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [help, setHelp] = useState(false);
  const [changing, setChanging] = useState(false);
  const orders = useQuery(ordersQuery());
  const waiting = role === 'admin' ? (orders.data?.approvals ?? 0) : 0;
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (s) => s.location.pathname });
  useCommands({
    'go-fleet': () => void navigate({ to: '/' }),
    'go-tickets': () => void navigate({ to: '/tickets' }),
    'go-hosts': () => void navigate({ to: '/hosts' }),
    'go-software': () => void navigate({ to: '/software' }),
    'go-enrol': () => void navigate({ to: '/enrol' }),
    'go-orders': () => void navigate({ to: '/orders' }),
    'go-people': () => void navigate({ to: '/people' }),
    'go-replay': () => void navigate({ to: '/replay' }),
    'go-codes': () => void navigate({ to: '/codes' }),
    help: () => setHelp((h) => !h),
    leave: () => {
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    },
  });
  // A new page is told to whoever does not see it: focus moves to its content, but not on the first page of all.
  const first = useRef(path);
  useEffect(() => {
    if (first.current !== path) main.current?.focus({ preventScroll: true });
    first.current = path;
  }, [path]);
  return (
    <>
      <a className={styles.skip} href="#content">
        {WORDS.skip}
      </a>
      <header className={styles.bar}>
        <Link to="/" className={styles.brand} aria-label={`${WORDS.product}: ${WORDS.nav.fleet}`}>
          <Brand />
          <span>{WORDS.product}</span>
        </Link>
        <nav className={styles.nav} aria-label={WORDS.nav.label}>
          <Link to="/" activeOptions={{ exact: true, includeSearch: false }}>
            {WORDS.nav.fleet}
          </Link>
          <Link to="/tickets" activeOptions={{ includeSearch: false }}>
            {WORDS.nav.tickets}
          </Link>
          <Link to="/hosts">{WORDS.nav.hosts}</Link>
          <Link to="/software" activeOptions={{ includeSearch: false }}>
            {WORDS.nav.software}
          </Link>
          <Link to="/enrol">{WORDS.nav.enrol}</Link>
          <Link to="/orders">
            {WORDS.nav.orders}
            {waiting > 0 && (
              <span className={styles.count} data-testid="approvals-count" title={WORDS.nav.waiting(waiting)}>
                <span aria-hidden="true">{waiting}</span>
                <span className={styles.unseen}>{WORDS.nav.waiting(waiting)}</span>
              </span>
            )}
          </Link>
          {role === 'admin' && <Link to="/people">{WORDS.nav.people}</Link>}
          {role === 'admin' && <Link to="/replay">{WORDS.nav.replay}</Link>}
          <Link to="/codes" activeOptions={{ includeSearch: false }}>
            {WORDS.nav.codes}
          </Link>
        </nav>
        <div className={styles.right}>
          <LiveDot />
          <button
            type="button"
            className={`${styles.tool} ${styles.keys}`}
            onClick={() => setHelp(true)}
            title={WORDS.keys}
            aria-label={WORDS.keys}
          >
            ?
          </button>
          <ThemeMenu />
          <Menu position="bottom-end" width={230}>
            <Menu.Target>
              <button
                type="button"
                className={`${styles.tool} ${styles.person}`}
                aria-label={`${WORDS.person.label}: ${name}`}
                data-testid="person"
              >
                <Name of={name} fallback={email} />
              </button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>
                <Name of={email} />
                <br />
                {WORDS.person.role[role]}
              </Menu.Label>
              <Menu.Divider />
              <Menu.Item onClick={() => setChanging(true)} data-testid="change-password">
                {WORDS.person.password}
              </Menu.Item>
              <Menu.Item
                onClick={() => {
                  // To the fleet first: whoever signs in next does not begin where this person was. A server that is away ends the session later.
                  void signOut()
                    .catch(() => undefined)
                    .then(() => navigate({ to: '/' }))
                    .then(() => enter(client, null));
                }}
              >
                {WORDS.person.signOut}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </header>
      <LostBanner />
      <StatusBanner />
      <StopBanner />
      <main id="content" ref={main} tabIndex={-1} className={styles.main}>
        <Outlet />
      </main>
      <ChangePassword opened={changing} onClose={() => setChanging(false)} />
      <KeyHelp opened={help} onClose={() => setHelp(false)} />
      <Announcer />
    </>
  );
}

function LiveDot() {
  const { state } = useLiveState();
  const word = state.status === 'live' ? WORDS.live.live : state.status === 'connecting' ? WORDS.live.connecting : WORDS.live.lost;
  const title = state.status === 'live' ? WORDS.live.liveSince(timeOfDay(new Date(state.since).toISOString())) : undefined;
  return (
    <span className={styles.live} title={title} data-testid="live" data-status={state.status}>
      <span className={styles.dot} data-status={state.status} aria-hidden="true" />
      <span>{word}</span>
    </span>
  );
}

/** Since when the page is not live, and that it goes on showing what it knew. */
function LostBanner() {
  const { state, retry } = useLiveState();
  const retryAt = state.status === 'lost' ? state.retryAt : 0;
  const seconds = useTicking(() => Math.max(0, Math.ceil((retryAt - Date.now()) / 1000)));
  if (state.status !== 'lost') return null;
  return (
    <div className={styles.banner} role="status" data-testid="lost-banner">
      <strong>
        {WORDS.live.lostBanner} {WORDS.live.lostAt(timeOfDay(new Date(state.since).toISOString()))}.
      </strong>
      <span>{WORDS.live.lostMeaning}</span>
      <span aria-hidden="true">{WORDS.live.retryIn(seconds)}</span>
      <button type="button" onClick={retry}>
        {WORDS.live.retry}
      </button>
    </div>
  );
}

/** What of the server does not work, since when, and what that means. While the page is not live it cannot know. */
function StatusBanner() {
  const { state } = useLiveState();
  const status = useServerStatus();
  const since = status?.troubles[0]?.since;
  if (state.status !== 'live' || !status || since === undefined) return null;
  return (
    <div className={styles.banner} role="status" data-testid="status-banner">
      <strong>
        {WORDS.live.degraded} {WORDS.live.since(timeOfDay(since))}.
      </strong>
      {status.troubles.map((t) => (
        <span key={t.part}>{t.sentence}</span>
      ))}
    </div>
  );
}

/** Who stopped all orders, and why, on every page: whoever wants to repair something has to know before they look for the button. */
function StopBanner() {
  const { data } = useQuery(ordersQuery());
  const stop = data?.stop;
  if (!stop?.stopped) return null;
  return (
    <div className={styles.banner} role="status" data-testid="stop-banner">
      <strong>{WORDS.stopped.banner}.</strong>
      <span>{WORDS.stopped.who(printable(stop.by ?? ''), timeOfDay(stop.at ?? ''), printable(stop.reason ?? ''))}</span>
      <Link to="/orders">{WORDS.stopped.more}</Link>
    </div>
  );
}
