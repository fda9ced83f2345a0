export { type CodeCandidate, type CodeMatch, type Explanation, explainCode, searchCodes, twinRow } from './explain.js';
export {
  CLIENT_ERRORS,
  type ClientErrorWord,
  isLockdownWord,
  LOCKDOWN_ERRORS,
  type LockdownWord,
  lockdownCode,
} from './lockdown.js';
export { fromDecimal, fromHex, hexOf, isWide, numberText, toSigned, toUnsigned } from './numbers.js';
export { CODE_FAMILIES, type CodeEntry, type CodeFamily, type CodeRow, type CodeWords, type FixName } from './shapes.js';
export { SOURCES, type SourceId } from './sources.js';
export { CODES, codeNumbers, codeQuery } from './table.js';
export { codeWords, type FamilyWords, familyWords } from './words.js';
