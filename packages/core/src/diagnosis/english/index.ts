import type { CauseWords } from '../words.js';
import { UPPER_ENGLISH } from './above.js';
import { HOST_AND_USB_ENGLISH } from './host.js';
import { MUX_AND_TRUST_ENGLISH } from './mux.js';

/** English, by cause. Another language is another table of this shape. */
export const CAUSE_ENGLISH: Readonly<Record<string, CauseWords>> = { ...HOST_AND_USB_ENGLISH, ...MUX_AND_TRUST_ENGLISH, ...UPPER_ENGLISH };
export { QUESTION_ENGLISH, type QuestionWords } from './questions.js';
