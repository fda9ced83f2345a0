import { Link } from '@tanstack/react-router';
import { codesSearch, refusalIn } from './view.js';
import { WORDS } from './words.js';

/** The way from a reading such as `InvalidHostID (-21)` to what it means; nothing where a reading holds no code that can be explained. */
export function CodeLink({ reading }: { reading: string }) {
  const q = refusalIn(reading);
  if (q === null) return null;
  return (
    <Link to="/codes" search={codesSearch({ q, family: null })} data-testid="code-link">
      {WORDS.link}
    </Link>
  );
}
