export { ActionCap } from './cap.js';
export { type FixOrder, type FixOutcome, type FixTools, WAITS, type Waits } from './fix.js';
export { type RunFixOptions, runFix, STEPS } from './run-fix.js';
export { UNDO_KEPT_MS, UndoStore } from './undo.js';
