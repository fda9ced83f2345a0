export { ActionCap } from './cap.js';
export { type FixOrder, type FixOutcome, type FixTools, WAITS, type Waits } from './fix.js';
export { type Kept, KeptStore, NotKept } from './kept.js';
export { FolderUnsafe } from './private-folder.js';
export { ROLLBACKS } from './rollback-kinds.js';
export { type PutBack, type RollbackKind, type RollbackReport, Rollbacks, rollbackKind } from './rollbacks.js';
export { type RunFixOptions, runFix, STEPS } from './run-fix.js';
export { UNDO_KEPT_MS, UndoStore } from './undo.js';
export { askVerifying } from './verify.js';
