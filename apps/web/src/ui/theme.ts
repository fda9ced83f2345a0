import {
  Button,
  type CSSVariablesResolver,
  createTheme,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
  Modal,
} from '@mantine/core';
import { cssName, type Theme, TOKENS, type Token } from './tokens.js';

/** Where the choice between light, dark and the system's own is kept on this computer. */
export const schemeManager = localStorageColorSchemeManager({ key: 'lockstep-theme' });

/** Mantine wants ten shades of an accent; components here read the tokens, so two are enough. */
const accent = Array.from({ length: 10 }, (_, i) => (i < 5 ? TOKENS.dark.accent : TOKENS.light.accent)) as unknown as MantineColorsTuple;

/** The library's own dark shades, lightest first, in the tokens' tone. */
const d = TOKENS.dark;
const dark: MantineColorsTuple = [
  d.ink,
  d['ink-soft'],
  d['ink-faint'],
  d['line-strong'],
  d['line-strong'],
  d.line,
  d.surface,
  d.bg,
  d.bg,
  d.bg,
];

export const theme = createTheme({
  primaryColor: 'accent',
  colors: { accent, dark },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'Liberation Sans', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', Consolas, 'Liberation Mono', Menlo, monospace",
  defaultRadius: 4,
  respectReducedMotion: true,
  focusRing: 'auto',
  cursorType: 'pointer',
  components: {
    // The library writes white on a filled button whatever its ground; in the dark theme that is 2.3:1.
    Button: Button.extend({
      vars: (_, p) => ({ root: (p.variant ?? 'filled') === 'filled' ? { '--button-color': 'var(--ls-accent-ink)' } : {} }),
    }),
    Modal: Modal.extend({ styles: { title: { fontWeight: 600, fontSize: 16 } } }),
  },
});

const variables = (name: Theme): Record<string, string> => {
  const t = TOKENS[name];
  return {
    ...Object.fromEntries(Object.keys(t).map((k) => [cssName(k as Token), t[k as Token]])),
    '--mantine-color-body': t.bg,
    '--mantine-color-text': t.ink,
    '--mantine-color-dimmed': t['ink-faint'],
    '--mantine-color-placeholder': t['ink-faint'],
    '--mantine-color-error': t.broken,
    '--mantine-color-anchor': t.accent,
    // The border of fields in the light theme.
    '--mantine-color-gray-4': t['line-strong'],
    '--mantine-color-default': t.bg,
    '--mantine-color-default-hover': t.surface,
    '--mantine-color-default-color': t.ink,
    '--mantine-color-default-border': t['line-strong'],
    '--mantine-color-disabled': t.sunken,
    '--mantine-color-disabled-color': t['ink-faint'],
    '--mantine-color-disabled-border': t['line-strong'],
    '--mantine-color-accent-filled': t.accent,
    '--mantine-color-accent-filled-hover': t['accent-strong'],
    '--mantine-color-accent-light': t['accent-soft'],
    '--mantine-color-accent-light-hover': t['accent-soft'],
    '--mantine-color-accent-light-color': t.accent,
    '--mantine-color-accent-outline': t.accent,
    '--mantine-color-accent-outline-hover': t['accent-soft'],
    '--mantine-primary-color-contrast': t['accent-ink'],
  };
};

/** Hands the tokens to CSS, so that `tokens.ts` is the only place a colour is written. */
export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: variables('light'), dark: variables('dark') });
