import type { CompatibilityRow, InstalledVersion, SoftwareFeedView } from '@lockstep/core/protocol';
import type { Standing } from './standing.js';

const n = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

/** How a version stands, in words. */
function standing(v: InstalledVersion): string {
  const since = v.days === null ? '' : `, for ${n(v.days, 'day', 'days')}`;
  const exploited = v.exploited.length === 0 ? '' : `; what it lacks closes ${n(v.exploited.length, 'hole', 'holes')} that attackers use`;
  switch (v.status) {
    case 'current':
      return 'newest';
    case 'behind-patch':
    case 'behind-minor':
      return `lacks an update${since}${exploited}`;
    case 'behind-major':
      return `gets no updates any more${since}${exploited}`;
    case 'behind-major-optional':
      return 'last of the track before: fine';
    case 'ahead-beta':
      return 'beta, or newer than anything released';
    case 'eol-model':
      return 'the last this model gets';
    case 'unknown-model':
      return 'no list knows this model';
    case 'unknown-version':
      return 'this version cannot be read';
    case 'feed-stale':
      return 'not judged: the lists are too old';
    case 'unknown':
      return 'not judged: no list covers it';
  }
}

/** What happens to a computer, and what to do, in one sentence. */
function happens(r: CompatibilityRow): string {
  const { have, need, what } = r;
  switch (r.reason) {
    case 'framework-new-enough':
      return `Works: ${what} ${have} is new enough (${need}).`;
    case 'system-of-the-season':
      return `Works: macOS ${have} knows such phones.`;
    case 'program-new-enough':
      return `Works: ${what} ${have} is new enough (${need}).`;
    case 'framework-too-old':
      return `macOS will ask to install Apple’s support for newer devices; until somebody does, Finder does not show the phone. ${what} is ${have}, ${need} is needed.`;
    case 'system-of-an-earlier-season':
      return `macOS ${have} will ask to install Apple’s support for newer devices; until somebody does, Finder does not show the phone.`;
    case 'system-too-old':
      return r.outcome === 'replace'
        ? `macOS ${need} is needed, and this model is not offered it. It has ${have}.`
        : `Update macOS to ${need} or newer first. It has ${have}.`;
    case 'phone-demands-macos':
      return r.outcome === 'replace'
        ? `Its phone asks for macOS ${need}, and this model is not offered it. It has ${have}.`
        : `Its phone asks for macOS ${need}. It has ${have}: update it first.`;
    case 'phone-demands-itunes':
      return `Its phone asks for iTunes ${need}. It has ${have}: update it first.`;
    case 'program-too-old':
      return `Update ${what} to ${need} or newer first. It has ${have}.`;
    case 'no-apple-software':
      return 'No Apple software is installed: install Apple Devices or iTunes first.';
    case 'no-row':
      return 'Nobody can tell yet: what this iOS needs is not known here.';
    case 'not-read':
      return 'Nobody can tell: its versions could not be read.';
    case 'nobody-publishes':
      return r.os === 'linux'
        ? 'Nobody can tell: nobody publishes what Linux needs for it. Try one first.'
        : 'Nobody can tell: nobody publishes what this iOS needs on a PC.';
  }
}

/** What the page about software says. */
export const WORDS = {
  title: 'Software',
  loading: 'Reading what is known of released software',
  sentence: {
    stale: 'The lists of released software are too old to judge by.',
    off: 'This server reads no lists of released software.',
    staleFor: 'What phones and computers should run is not judged; what is known has been out of date for',
    none: 'No phone has been seen yet.',
    phones: (s: Standing) => `${s.fine} of ${n(s.total, 'phone runs', 'phones run')} what ${s.total === 1 ? 'it' : 'they'} should.`,
    more: (s: Standing) =>
      [
        ...(s.behind > 0
          ? [`${s.behind} ${s.behind === 1 ? 'lacks' : 'lack'} an update${s.urgent > 0 ? `, ${s.urgent} urgently` : ''}`]
          : []),
        ...(s.beta > 0 ? [`${n(s.beta, 'runs', 'run')} a beta`] : []),
        ...(s.unknown > 0 ? [`of ${s.unknown} nobody can tell`] : []),
      ].join('; '),
  },
  feeds: {
    title: 'Where that comes from',
    meaning: (hours: number) =>
      `Apple’s list says what each model is offered; SOFA’s say when a release came and what it closes. A list that nobody has looked at for ${hours} hours judges nothing.`,
    off: 'LOCKSTEP_FEEDS is off: nothing is read from the internet.',
    columns: { feed: 'List', checked: 'Up to date', read: 'Read', state: 'State' },
    names: { gdmf: 'Apple’s software lookup service', 'sofa-ios': 'SOFA, iOS and iPadOS', 'sofa-macos': 'SOFA, macOS' } satisfies Record<
      SoftwareFeedView['feed'],
      string
    >,
    bundled: 'came with the server',
    never: 'never',
    fine: 'fine',
    stale: 'too old to judge by',
    failing: (problem: string) => `When it was read last, it ${problem}. It has failed`,
    failed: 'cannot be read',
    refresh: 'Read now',
    refreshing: 'Reading…',
    notRead: 'They could not be read',
    admin: 'Only an admin can have them read now.',
  },
  models: {
    title: 'What the fleet runs',
    meaning: 'By model. Two tracks may be open at once: who is on the last of the older one is not asked to move.',
    empty: {
      title: 'No version has been seen yet',
      text: 'Phones show theirs when they are plugged in; Macs tell theirs with their agent’s report.',
    },
    columns: { model: 'Model', offered: 'Offered', count: 'Devices', version: 'Runs', standing: 'How it stands' },
    platform: { ios: 'Phones and pads', macos: 'Macs' },
    nameless: 'unknown model',
    offered: (versions: readonly string[]) => versions.join(' or '),
    nothing: 'nobody can tell',
    life: (majorsBehind: number, ended: boolean) =>
      ended
        ? 'its time is over: replace it'
        : majorsBehind > 0
          ? `gets security updates only (${n(majorsBehind, 'major version', 'major versions')} behind)`
          : '',
    standing,
  },
  gate: {
    title: 'Before phones take an update',
    meaning: 'Which computers would no longer see, or sync, a phone that runs this iOS, and what has to be done there first.',
    pick: 'iOS',
    other: 'Another version',
    ask: 'Show',
    wrong: 'must be a version such as 27.0',
    sentence: (ios: string, breaks: number, unknown: number, total: number) =>
      total === 0
        ? 'No computer is enrolled.'
        : `iOS ${ios}: ${breaks === 0 ? 'no computer is known to break' : `${breaks} of ${n(total, 'computer', 'computers')} would break`}${unknown > 0 ? `; of ${unknown} nobody can tell` : ''}.`,
    outcomes: {
      replace: { word: 'cannot', means: 'Its model is not offered the system that is needed.' },
      update: { word: 'update first', means: 'The system or Apple’s program has to be updated before.' },
      component: { word: 'asks for a component', means: 'macOS installs what is missing when somebody says yes.' },
      unknown: { word: 'unknown', means: 'Nobody can tell. It may work or not.' },
      ready: { word: 'works', means: 'Nothing has to be done.' },
    } satisfies Record<CompatibilityRow['outcome'], { word: string; means: string }>,
    columns: { host: 'Computer', os: 'System', phones: 'Phones', outcome: 'Outcome', why: 'What happens' },
    basis: {
      phone: 'the phone itself says so',
      version: 'a published version says so',
      season: 'judged by the season of both versions',
    },
    wifi: (macos: string) => `Wi-Fi sync needs macOS ${macos}.`,
    none: 'No computer is in this state.',
    loading: 'Asking the computers',
    more: 'Show more',
    happens,
  },
};
