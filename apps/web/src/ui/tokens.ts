/**
 * Every colour of the console, in both themes. Health colours follow Okabe and Ito's palette (bluish green, orange, vermillion,
 * reddish purple), darkened or lightened until they carry text at 4.5:1; blue is the one accent. `tokens.test.ts` measures every
 * pair of `TEXT_PAIRS` and `MARK_PAIRS`.
 */
export const TOKENS = {
  light: {
    bg: '#ffffff',
    surface: '#f5f6f8',
    sunken: '#eaedf0',
    line: '#dce0e5',
    'line-strong': '#838d98',
    ink: '#14181d',
    'ink-soft': '#454e58',
    'ink-faint': '#5d6671',
    accent: '#0b5cad',
    'accent-strong': '#084a8c',
    'accent-ink': '#ffffff',
    'accent-soft': '#e4eefa',
    healthy: '#006b4e',
    'healthy-soft': '#e2f3eb',
    degraded: '#7d5300',
    'degraded-soft': '#fcf0d6',
    broken: '#ab3800',
    'broken-soft': '#fde9df',
    waiting: '#8f2f74',
    'waiting-soft': '#f8e8f3',
    unknown: '#505964',
    'unknown-soft': '#eceef1',
  },
  dark: {
    bg: '#0f1215',
    surface: '#161a1f',
    sunken: '#20262d',
    line: '#2b323a',
    'line-strong': '#6a7581',
    ink: '#e9edf1',
    'ink-soft': '#b6bfc8',
    'ink-faint': '#98a2ad',
    accent: '#6cb2f2',
    'accent-strong': '#94c8f8',
    'accent-ink': '#08131f',
    'accent-soft': '#13283c',
    healthy: '#3fc99b',
    'healthy-soft': '#10291f',
    degraded: '#ecb03c',
    'degraded-soft': '#2c2310',
    broken: '#ff8d57',
    'broken-soft': '#361b0e',
    waiting: '#e895c8',
    'waiting-soft': '#331c2c',
    unknown: '#aab3bd',
    'unknown-soft': '#1e242a',
  },
} as const;

export type Theme = keyof typeof TOKENS;
export type Token = keyof (typeof TOKENS)['light'];

/** What is written on what: text first, its ground second. At least 4.5:1 (WCAG 2.2, 1.4.3). */
export const TEXT_PAIRS: readonly (readonly [Token, Token])[] = [
  ...(['ink', 'ink-soft', 'ink-faint', 'accent', 'accent-strong', 'healthy', 'degraded', 'broken', 'waiting', 'unknown'] as const).flatMap(
    (text) => [[text, 'bg'] as const, [text, 'surface'] as const],
  ),
  ...(['ink', 'ink-soft', 'ink-faint'] as const).flatMap((text) => [[text, 'sunken'] as const, [text, 'accent-soft'] as const]),
  ['accent', 'accent-soft'],
  ['accent-ink', 'accent'],
  ['accent-ink', 'accent-strong'],
  ...(['healthy', 'degraded', 'broken', 'waiting', 'unknown'] as const).flatMap((health) => [
    [health, `${health}-soft`] as const,
    [health, 'accent-soft'] as const,
    ['ink', `${health}-soft`] as const,
    ['ink-soft', `${health}-soft`] as const,
    ['bg', health] as const,
  ]),
];

/** Lines and shapes that carry meaning without text: at least 3:1 (WCAG 2.2, 1.4.11). */
export const MARK_PAIRS: readonly (readonly [Token, Token])[] = [
  ['line-strong', 'bg'],
  ['line-strong', 'surface'],
  ['accent', 'bg'],
  ['accent', 'surface'],
];

/** The CSS variable of a token: `--ls-ink`. */
export const cssName = (token: Token): `--ls-${Token}` => `--ls-${token}`;
