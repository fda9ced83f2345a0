/* The primitives of the console: they know core's words, and nothing of the server or of any page. */
import './base.css';

export { Age } from './Age.js';
export { Announcer, announce } from './announce.js';
export { Chip } from './Chip.js';
export { serverNow, setServerTime, useTicking } from './clock.js';
export { useCommands } from './commands.js';
export { type DataColumn, DataTable, type DataTableHandle } from './DataTable.js';
export { Fade } from './Fade.js';
export { FilterTag } from './FilterTag.js';
export { HealthMark } from './HealthMark.js';
export { KeyHelp } from './KeyHelp.js';
export { Ladder, type LadderHandle } from './Ladder.js';
export { LadderSpark } from './LadderSpark.js';
export { absolute, agoWords, day, forWords, lengthWords, stopwatch, timeOfDay } from './lengths.js';
export { Mark, type MarkKind } from './Mark.js';
export { useMedia } from './media.js';
export { Name } from './Name.js';
export { SearchField } from './SearchField.js';
export { Sentence } from './Sentence.js';
export { EmptyState, ErrorState, ForbiddenState, LoadingRows } from './States.js';
export { partsOf, shortSentence } from './sentences.js';
export { cssVariables, schemeManager, theme } from './theme.js';
export { HEALTH_WORDS, LAYER_WORDS, OS_WORDS, PRESENCE_WORDS, RUNG_WORDS } from './vocabulary.js';
