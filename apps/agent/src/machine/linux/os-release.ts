/** The values of os-release(5), unquoted. */
export function osReleaseValues(content: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of content.replace(/^\ufeff/, '').split(/\r?\n/)) {
    const m = /^([A-Z_]+)=(.*)$/.exec(line.trim());
    if (m?.[1] !== undefined && m[2] !== undefined) values.set(m[1], unquote(m[2]));
  }
  return values;
}

/** The system's name for itself from os-release(5): PRETTY_NAME, else NAME and VERSION_ID; null when neither is there. */
export function osReleaseName(content: string): string | null {
  const values = osReleaseValues(content);
  const pretty = values.get('PRETTY_NAME');
  if (pretty) return pretty;
  const name = values.get('NAME');
  const version = values.get('VERSION_ID');
  return name ? (version ? `${name} ${version}` : name) : null;
}

function unquote(raw: string): string {
  const s = raw.trim();
  const q = s[0];
  if ((q === '"' || q === "'") && s.length > 1 && s.endsWith(q)) return s.slice(1, -1).replace(/\\(["$`\\])/g, '$1');
  return s;
}
