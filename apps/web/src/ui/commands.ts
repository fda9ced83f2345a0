import { useEffect, useRef } from 'react';
import { type Command, type Pending, press } from './keyboard.js';

type Handlers = Partial<Record<Command, () => void>>;

/** Who listens, the newest last: a page's handler is asked before the frame's. */
const stack: { current: Handlers }[] = [];
let pending: Pending | null = null;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || (event.repeat && event.key !== 'j' && event.key !== 'k')) return;
  // An open dialog or menu keeps the keyboard to itself.
  if (document.querySelector('[role="dialog"], [role="menu"]') && event.key !== '?') return;
  const chord = event.ctrlKey || event.altKey || event.metaKey;
  const read = press(pending, { key: event.key, chord, typing: typing(event.target), at: event.timeStamp });
  pending = read.pending;
  if (!read.command) return;
  for (let i = stack.length - 1; i >= 0; i--) {
    const handler = stack[i]?.current[read.command];
    if (!handler) continue;
    if (read.command !== 'open' && read.command !== 'leave') event.preventDefault();
    handler();
    return;
  }
}

/** Answers commands from the keyboard while the component is shown. */
export function useCommands(handlers: Handlers): void {
  const ref = useRef(handlers);
  useEffect(() => {
    ref.current = handlers;
  });
  useEffect(() => {
    if (stack.length === 0) window.addEventListener('keydown', onKeyDown);
    stack.push(ref);
    return () => {
      stack.splice(stack.indexOf(ref), 1);
      if (stack.length === 0) window.removeEventListener('keydown', onKeyDown);
    };
  }, []);
}
