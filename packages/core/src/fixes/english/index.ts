export { FIX_ENGLISH } from './fixes.js';
export { STEP_ENGLISH } from './steps.js';
