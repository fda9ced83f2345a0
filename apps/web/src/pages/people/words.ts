/** What the page about people says. */
export const WORDS = {
  title: 'People',
  lead: 'Who may sign in here. Nobody is deleted: what they did stays theirs.',
  loading: 'Reading who may sign in',
  form: {
    title: 'Add somebody',
    name: 'Name',
    email: 'E-mail',
    role: 'Role',
    go: 'Add and make a link',
    going: 'Adding…',
    failed: 'Nobody was added',
  },
  roles: { viewer: 'viewer: may look', technician: 'technician: may repair', admin: 'admin: may do everything' },
  made: {
    title: (name: string) => `Link for ${name}`,
    once: (hours: number) =>
      `It is shown this once and works once, within ${hours} hours. Hand it over in person or over a channel you trust: whoever opens it sets the password.`,
    link: 'Link',
    done: 'I have it, hide the link',
  },
  list: {
    title: 'Who may sign in',
    columns: { name: 'Name', email: 'E-mail', role: 'Role', state: 'State', seen: 'Last here' },
    state: { active: 'active', invited: 'has set no password', disabled: 'disabled' },
    link: (length: string) => `link works ${length} more`,
    you: 'you',
    never: 'never',
    more: 'Show more',
    roleOf: (name: string) => `Role of ${name}`,
    newLink: 'New link',
    disable: 'Disable',
    enable: 'Enable',
    failed: 'It was not changed',
  },
  role: {
    title: (name: string, role: string) => `Make ${name} ${role === 'admin' ? 'an' : 'a'} ${role}?`,
    text: 'It holds from their next click on.',
    yes: 'Yes, change it',
  },
  disabling: {
    title: (name: string) => `Disable ${name}?`,
    text: 'They are signed out at once, and their links and API tokens do nothing any more. You can enable them again.',
    yes: 'Yes, disable',
  },
  linking: {
    title: (name: string) => `Make a new link for ${name}?`,
    text: 'The link before it is void. Their present password works until they use the new one; then all their sessions end.',
    yes: 'Yes, make it',
  },
  no: 'Leave it',
};
