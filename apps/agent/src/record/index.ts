export { NotPermitted, type Recording, type RecordOptions, record } from './recording.js';
