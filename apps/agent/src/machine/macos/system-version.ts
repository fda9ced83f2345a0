import { isDict } from '../plist/index.js';
import { plistOf, words } from './registry.js';

/** The system's name out of SystemVersion.plist, such as `macOS 26.1 (25B78)`; null when it is not in there. */
export function macName(bytes: Uint8Array): string | null {
  const root = plistOf(bytes) ?? undefined;
  if (!isDict(root)) return null;
  const version = words(root.ProductVersion);
  const build = words(root.ProductBuildVersion);
  return version === null ? null : `${words(root.ProductName) ?? 'macOS'} ${version}${build === null ? '' : ` (${build})`}`;
}
