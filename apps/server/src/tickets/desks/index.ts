export type { Desk, NewTicket, WrittenTicket } from './desk.js';
export { type NewEvent, OwnDesk, tell } from './own.js';
