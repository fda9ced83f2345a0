export { decideTicket } from './decide.js';
export { FAMILIES, FAMILY_IDS, type Family, type FamilyId, familyOf, holdOffOf } from './families.js';
export { DEFAULT_PACE, FLAP, type Pace } from './pace.js';
export { priorityOf, type Severity, severityOf } from './priority.js';
export * from './shapes.js';
export { resultOf, ticketSentence } from './words.js';
export { writeTicket } from './write.js';
