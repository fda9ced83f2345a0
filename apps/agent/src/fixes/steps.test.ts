import { expect, it } from '@jest/globals';
import { AGENT_FIX_IDS, FIXES } from '@lockstep/core/fixes';
import { STEPS } from './run-fix.js';

it.each(AGENT_FIX_IDS)('the catalogue says of %s on which systems this agent has steps for it', (fix) => {
  const steps = STEPS[fix];
  const has = (['linux', 'macos', 'windows'] as const).filter((os) => steps !== undefined && steps[os] !== 'unsupported');
  expect([...FIXES[fix].platforms].sort()).toEqual(has);
});
