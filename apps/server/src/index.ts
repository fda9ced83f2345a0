import 'reflect-metadata';

export { type Running, type StartOptions, startServer } from './boot.js';
export { Clock, createLog, ENV_TABLE, type Env, EnvError, type Log, migrate, parseEnv, SystemClock } from './platform/index.js';
export { startSentence } from './start-error.js';
