/** What the hosts page says. */
export const WORDS = {
  title: 'Hosts',
  loading: 'Reading the computers',
  sentence: (total: number, connected: number, more: boolean) =>
    total === 0
      ? 'No computer is enrolled yet.'
      : `${total}${more ? ' or more' : ''} ${total === 1 ? 'computer' : 'computers'}: ${connected} connected now.`,
  found: (n: number, more: boolean) => `${n}${more ? ' or more' : ''} ${n === 1 ? 'computer matches' : 'computers match'}.`,
  columns: {
    name: 'Computer',
    connection: 'Agent',
    health: 'Health',
    pairs: 'Pairs',
    findings: 'Open findings',
    os: 'System',
    agent: 'Version',
    epoch: 'Epoch',
    contact: 'Last contact',
    enrolled: 'Enrolled',
  },
  connected: 'connected',
  silent: 'silent',
  never: 'never connected',
  revoked: 'revoked',
  epoch: (epoch: string, n: number) =>
    `Epoch ${epoch}. ${n === 1 ? 'Its first one.' : `Its ${n}th: a new one begins with a new spool, a new enrolment or a restored disk.`}`,
  showPairs: (n: number) => (n === 1 ? 'Show its pair' : `Show its ${n} pairs`),
  more: 'Show more',
  search: 'Search name, system or version',
  states: {
    connected: { word: 'connected', means: 'The agent’s connection is open now.' },
    silent: { word: 'silent', means: 'Enrolled, and not connected now: off, asleep, or without network.' },
    revoked: { word: 'revoked', means: 'Refused for good. Their history stays.' },
  },
  cause: 'Cause',
  remove: (what: string) => `Remove the filter ${what}`,
  none: { title: 'No computer matches', text: 'No computer is in this state now.', next: 'Show all computers' },
  revoke: {
    go: 'Revoke',
    title: (name: string) => `Revoke ${name}?`,
    text: 'Its connection is closed, its key is refused for good, what waits to run there is cancelled, and its pairs turn unknown. Their history stays. To bring the computer back, enrol it again: it becomes a new host.',
    yes: 'Yes, revoke it',
    no: 'Keep it',
    failed: 'It was not revoked',
  },
  again: {
    go: 'Enrol again',
    title: (name: string) => `Bring ${name} back`,
    why: 'A key that was revoked is never taken again. The computer makes a new key and becomes a new host; this row and its history stay as they are.',
    steps: {
      token: 'Make an enrolment token',
      tokenLink: 'on the Enrol page',
      run: 'On that computer, with the token on standard input:',
      start: 'Then start its agent:',
    },
    shared: 'If two computers used this key (a copied disk), do this on each of them, with a token for two uses.',
    close: 'Close',
  },
  empty: {
    title: 'No computer is enrolled yet',
    text: 'An agent on each staff computer reports here. Enrolling takes one command and a token.',
    next: 'Enrol a computer',
  },
  enrol: 'Enrol a computer',
};
