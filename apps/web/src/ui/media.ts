import { useSyncExternalStore } from 'react';

/** Whether a media query holds now. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (l) => {
      const list = window.matchMedia(query);
      list.addEventListener('change', l);
      return () => list.removeEventListener('change', l);
    },
    () => window.matchMedia(query).matches,
  );
}
