export { CodeLink } from './CodeLink.js';
