/** What the doors say: sign-in, and the set-up of the first admin. */
export const WORDS = {
  signIn: {
    title: 'Sign in',
    lead: 'Lockstep keeps every pair of computer and iPhone in step.',
    email: 'E-mail',
    password: 'Password',
    go: 'Sign in',
    going: 'Checking…',
    firstTime: 'Nobody has signed in here yet.',
    firstTimeNext: 'Open the set-up link that the server printed when it started. It works once, for the first admin.',
    wait: (seconds: number) => `Too many attempts. Try again in ${seconds} s.`,
  },
  setup: {
    title: 'Set up the first admin',
    lead: 'This link works once. The person made here may do everything; others are added later.',
    name: 'Your name',
    email: 'E-mail',
    password: 'Password',
    passwordHint: 'At least 12 characters. Length counts, not symbols.',
    again: 'The same password again',
    go: 'Create and sign in',
    going: 'Creating…',
  },
  noToken: {
    title: 'The set-up link is incomplete',
    text: 'It has to end in #token=… . Copy the whole link from the place where the server was started.',
  },
  done: {
    title: 'This link was used',
    text: 'The first admin has been set up. Sign in, or ask that person to add you.',
  },
  refused: {
    title: 'This link no longer works',
    text: 'The server makes a new link each time it starts, until somebody has used one. Take the newest from the place where the server was started.',
  },
  toSignIn: 'Go to sign-in',
  field: {
    required: 'is required',
    email: 'must be an e-mail address',
    short: (n: number) => `must have at least ${n} characters`,
    long: (n: number) => `must have at most ${n} characters`,
    differs: 'is not the same',
  },
};
