import type { Health, Layer, Presence, RungState } from '@lockstep/core/health';

/** The words of the house as people read them. Another language is another table of these shapes. */

export const HEALTH_WORDS: Record<Health, { word: string; means: string }> = {
  healthy: { word: 'healthy', means: 'Every rung this pair needs has fresh proof.' },
  degraded: { word: 'degraded', means: 'It works, but not as it should.' },
  broken: { word: 'broken', means: 'It does not work; the cause is known or a rung failed.' },
  waiting: { word: 'waiting', means: 'A person has to do something.' },
  unknown: { word: 'unknown', means: 'Proof is missing. It may work or not.' },
};

export const PRESENCE_WORDS: Record<Presence, string> = { attached: 'attached', away: 'away', 'never-seen': 'never seen' };

/** Each rung: its name and its plain half. */
export const LAYER_WORDS: Record<Layer, { name: string; plain: string }> = {
  host: { name: 'Host', plain: 'the computer and its agent' },
  usb: { name: 'USB', plain: 'cable, hub and port' },
  mux: { name: 'Mux', plain: 'the service that talks to phones' },
  trust: { name: 'Trust', plain: 'each accepts the other' },
  software: { name: 'Software', plain: 'iOS, and tools that fit it' },
  network: { name: 'Network', plain: 'the way over Wi-Fi' },
  services: { name: 'Services', plain: 'what a trusted phone offers' },
  sync: { name: 'Sync', plain: 'backup and sync themselves' },
};

export const RUNG_WORDS: Record<RungState, string> = {
  ok: 'proven',
  broken: 'broken',
  waiting: 'waiting',
  degraded: 'degraded',
  unknown: 'unknown',
  'not-reached': 'not reached',
  'not-needed': 'not needed',
};

export const OS_WORDS = { linux: 'Linux', macos: 'macOS', windows: 'Windows' } as const;
