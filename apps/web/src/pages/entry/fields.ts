import { WORDS } from './words.js';

/** Least length of a password made here; NIST SP 800-63B counts on length alone. The server has the last word. */
export const PASSWORD_MIN = 12;
const PASSWORD_MAX = 256;
const NAME_MAX = 100;

export interface SetupFields {
  name: string;
  email: string;
  password: string;
  again: string;
}
export type FieldErrors<F> = Partial<Record<keyof F, string>>;

const address = (email: string) => /^[^\s@]+@[^\s@]+$/.test(email.trim());

/** What is wrong with the fields, by field; the server checks again. */
export function checkSetup(f: SetupFields): FieldErrors<SetupFields> {
  const out: FieldErrors<SetupFields> = {};
  if (f.name.trim() === '') out.name = WORDS.field.required;
  else if (f.name.length > NAME_MAX) out.name = WORDS.field.long(NAME_MAX);
  if (f.email.trim() === '') out.email = WORDS.field.required;
  else if (!address(f.email)) out.email = WORDS.field.email;
  return { ...out, ...checkNewPassword(f) };
}

/** What is wrong with a new password that is typed twice. */
export function checkNewPassword(f: { password: string; again: string }): FieldErrors<{ password: string; again: string }> {
  const out: FieldErrors<{ password: string; again: string }> = {};
  if (f.password.length < PASSWORD_MIN) out.password = WORDS.field.short(PASSWORD_MIN);
  else if (f.password.length > PASSWORD_MAX) out.password = WORDS.field.long(PASSWORD_MAX);
  if (f.again !== f.password) out.again = WORDS.field.differs;
  return out;
}

export function checkSignIn(f: { email: string; password: string }): FieldErrors<{ email: string; password: string }> {
  const out: FieldErrors<{ email: string; password: string }> = {};
  if (f.email.trim() === '') out.email = WORDS.field.required;
  else if (!address(f.email)) out.email = WORDS.field.email;
  if (f.password === '') out.password = WORDS.field.required;
  return out;
}

/** The token behind `#token=`; null when there is none. */
export function tokenOf(hash: string): string | null {
  const token = new URLSearchParams(hash.replace(/^#/, '')).get('token');
  return token !== null && /^[\w.~-]{8,128}$/.test(token) ? token : null;
}
