export { makeRouter } from './routes.js';
