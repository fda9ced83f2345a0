import type { z } from 'zod';

/** The codes of refusals that a route gives besides those that every route of its kind gives, by status. */
export type Refusals = Readonly<Record<number, readonly string[]>>;

/** What a route answers when it does what it was asked for. */
export interface RouteAnswer {
  /** One line for whoever reads the API's document. */
  summary: string;
  /** Schema of a JSON body; null when there is none, or when it is something else than JSON. */
  schema: z.ZodType | null;
  /** Media type of a body that is no JSON. */
  mediaType: string | null;
  refusals: Refusals;
}

const answers = new WeakMap<object, RouteAnswer>();

type Handler<T> = (...args: never[]) => T | Promise<T>;
type Decorate<T> = <M extends Handler<T>>(controller: object, name: string | symbol, method: TypedPropertyDescriptor<M>) => void;

function told<T>(answer: RouteAnswer): Decorate<T> {
  return (_controller, _name, { value }) => {
    if (value !== undefined) answers.set(value, answer);
  };
}

/**
 * Says what a route answers: its schema, of which the compiler makes sure that the handler returns it, a line about it, and the codes of
 * its own refusals. The API's document is made from this; a route that says nothing fails its test.
 */
export function Answers<T extends z.ZodType>(schema: T, summary: string, refusals: Refusals = {}): Decorate<z.output<T>> {
  return told({ summary, schema, mediaType: null, refusals });
}

/** For a route that answers without a body. */
export function AnswersNothing(summary: string, refusals: Refusals = {}): Decorate<void> {
  return told({ summary, schema: null, mediaType: null, refusals });
}

/** For a route whose body is no JSON. */
export function AnswersFile(mediaType: string, summary: string, refusals: Refusals = {}): Decorate<unknown> {
  return told({ summary, schema: null, mediaType, refusals });
}

/** What a handler says it answers; null when it says nothing. */
export function answerOf(handler: object): RouteAnswer | null {
  return answers.get(handler) ?? null;
}
