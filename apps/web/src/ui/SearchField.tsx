import { TextInput } from '@mantine/core';
import { type Ref, useEffect, useRef, useState } from 'react';

/** A search is asked when typing rests this long, ms. */
const REST_MS = 250;

export interface SearchFieldProps {
  /** What is searched for now. */
  value: string;
  onSearch: (q: string) => void;
  label: string;
  maxLength: number;
  className?: string | undefined;
  inputRef: Ref<HTMLInputElement>;
}

/** A search that asks when typing rests, and follows the address when that changes by other means. */
export function SearchField({ value, onSearch, label, maxLength, className, inputRef }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const latest = useRef(onSearch);
  useEffect(() => {
    latest.current = onSearch;
  });
  // The address changed by other means (Back, a link): the field follows.
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    const q = text.trim();
    if (q === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = q;
      latest.current(q);
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <TextInput
      ref={inputRef}
      {...(className === undefined ? {} : { className })}
      type="search"
      size="xs"
      aria-label={label}
      placeholder={label}
      value={text}
      maxLength={maxLength}
      rightSection={<kbd>/</kbd>}
      onChange={(e) => setText(e.currentTarget.value)}
      data-testid="search"
    />
  );
}
