/** What the frame and the pages' common states say. */
export const WORDS = {
  product: 'Lockstep',
  skip: 'Skip to content',
  nav: {
    label: 'Pages',
    fleet: 'Fleet',
    tickets: 'Tickets',
    hosts: 'Hosts',
    software: 'Software',
    enrol: 'Enrol',
    orders: 'Orders',
    codes: 'Codes',
  },
  stopped: {
    banner: 'All orders are stopped',
    who: (by: string, time: string, reason: string) => `${by} stopped them at ${time}: ${reason}`,
    more: 'Orders',
  },
  live: {
    connecting: 'connecting…',
    live: 'live',
    liveSince: (time: string) => `Live since ${time}: changes appear here by themselves.`,
    lost: 'not live',
    lostBanner: 'Live updates were lost',
    lostAt: (time: string) => `at ${time}`,
    degraded: 'The server works with less than it needs',
    since: (time: string) => `since ${time}`,
    lostMeaning: 'The page shows what it knew then; ages go on counting.',
    retryIn: (seconds: number) => (seconds > 0 ? `Next try in ${seconds} s.` : 'Trying now…'),
    retry: 'Try now',
  },
  theme: { label: 'Colours', auto: 'As the system', light: 'Light', dark: 'Dark' },
  keys: 'Keyboard: press ?',
  person: {
    signOut: 'Sign out',
    label: 'You',
    role: { viewer: 'viewer: may look', technician: 'technician: may repair', admin: 'admin: may do everything' },
  },
  loading: 'Loading',
  retry: 'Try again',
  toFleet: 'Go to the fleet',
  nowhere: {
    title: 'There is no such page',
    text: 'The address leads nowhere in this console. It may be cut off, or from another version.',
  },
  crashed: {
    title: 'This page broke',
    text: 'It ran into an error of its own. Nothing on the server was changed by it.',
    reload: 'Reload',
  },
  error: {
    unreachable: {
      title: 'The server cannot be reached',
      text: 'Check that Lockstep runs and that this computer is online. The page tries again when you ask it to.',
    },
    unexpected: {
      title: 'Page and server do not fit',
      text: 'The server answered something this page does not understand. Reload to get the page that belongs to it.',
    },
    forbidden: { title: 'Your role does not allow this', text: 'Ask an admin, or sign in as one.' },
    notFound: {
      title: 'It is not here (any more)',
      text: 'Nothing has this address. It may have been removed, or the link is incomplete.',
    },
    other: { title: 'The server could not answer', text: 'It said why, below. Nothing was changed.' },
  },
};
