import { z } from 'zod';
import { count, percent, seconds, skew } from '../measures.js';
import { text } from '../text.js';

/** The lowest rung: the agent and the computer it runs on. */
export const HOST_KINDS = {
  /** The agent about itself. */
  'agent-self': {
    subject: 'host',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      agent: text(32),
      os: z.enum(['linux', 'macos', 'windows']),
      osVersion: text(64),
      arch: text(16),
      hostname: text(255),
      /** Root on POSIX, an elevated token on Windows. */
      privileged: z.boolean(),
      /** Guards against a hostile local listener are relaxed for a loopback lab. */
      lab: z.boolean(),
      uptimeS: count,
      /**
       * Messages that wait in the outbox, how many were dropped because it was full, and how its disk takes writes (`full`: no space
       * left, `failed`: any other error; the messages wait in memory meanwhile).
       */
      outbox: z.object({ waiting: count, dropped: count, disk: z.enum(['ok', 'full', 'failed']).optional() }),
    }),
  },
  /** What the agent allows itself: under pressure it looks at essentials only. */
  'agent-limits': {
    subject: 'host',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      mode: z.enum(['all', 'essentials']),
      /** Which limit was met. */
      because: z.enum(['memory', 'cpu']).nullable(),
      rssMb: count,
      cpuPercent: percent,
      /** Probes that timed out three times in a row and are asked more rarely. */
      paused: z.array(text(48)).max(64),
    }),
  },
  /** Who sits in front: prompts show in an unlocked session only, and another person's session may own the phone. */
  'user-session': {
    subject: 'host',
    pace: 'steady',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      /** The session in front. `none`: nobody is signed in there (a server, the login window). */
      console: z.enum(['active', 'locked', 'none']),
      /** Signed-in graphical sessions, the one in front included. */
      sessions: count,
    }),
  },
  /** How far the computer's clock is off. */
  clock: {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({ skewS: skew, against: z.enum(['time-server', 'lockstep-server']) }),
  },
  /** What the computer runs on. */
  'power-source': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    /** False: on its battery. A computer without one is on mains power. */
    reading: z.object({ mains: z.boolean() }),
  },
  /** A restart that the system waits for. */
  'pending-restart': {
    subject: 'host',
    pace: 'slow',
    on: ['linux', 'macos', 'windows'],
    reading: z.object({
      pending: z.boolean(),
      reasons: z
        .array(z.enum(['component-servicing', 'windows-update', 'file-rename', 'installer', 'driver', 'staged-update', 'kernel']))
        .max(8),
      sinceS: seconds.nullable(),
    }),
  },
} as const;
