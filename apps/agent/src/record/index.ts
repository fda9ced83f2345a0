export { NotPermitted, type Recording, type RecordOptions, record } from './recording.js';
export { type KnownSecrets, scrubLines } from './scrub-lines.js';
