export { Ask } from './Ask.js';
export { Decide, Written } from './Decide.js';
export { Waiting } from './Waiting.js';
