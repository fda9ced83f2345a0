/** What the hosts page says. */
export const WORDS = {
  title: 'Hosts',
  loading: 'Reading the computers',
  sentence: (total: number, connected: number, more: boolean) =>
    total === 0
      ? 'No computer is enrolled yet.'
      : `${total}${more ? ' or more' : ''} ${total === 1 ? 'computer' : 'computers'}: ${connected} connected now.`,
  columns: {
    name: 'Computer',
    connection: 'Agent',
    health: 'Health',
    pairs: 'Pairs',
    findings: 'Open findings',
    os: 'System',
    agent: 'Version',
    enrolled: 'Enrolled',
  },
  connected: 'connected',
  lastContact: 'last contact',
  never: 'never connected',
  revoked: 'revoked',
  showPairs: (n: number) => (n === 1 ? 'Show its pair' : `Show its ${n} pairs`),
  more: 'Show more',
  revoke: {
    go: 'Revoke',
    title: (name: string) => `Revoke ${name}?`,
    text: 'Its agent is refused from now on and its pairs turn unknown. Their history stays. To undo it, enrol the computer again.',
    yes: 'Yes, revoke it',
    no: 'Keep it',
    failed: 'It was not revoked',
  },
  empty: {
    title: 'No computer is enrolled yet',
    text: 'An agent on each staff computer reports here. Enrolling takes one command and a token.',
    next: 'Enrol a computer',
  },
  enrol: 'Enrol a computer',
};
