export { ReplayModule } from './replay.module.js';
export { Replays } from './replays.js';
