import { AGENT_PATH, ENROL_PATH } from '@lockstep/core/protocol';
import { LinkError } from './link-error.js';

/** The two doors of a server that agents use. */
export interface ServerUrls {
  /** As stored: scheme, host and port. */
  base: string;
  enrol: URL;
  socket: URL;
}

/**
 * Reads a server's URL: `https://host[:port]` (or `wss:`). Plain `http:`/`ws:` is taken for this computer's own loopback only: over a
 * network the enrolment token and every reading would travel in the open.
 */
export function parseServerUrl(raw: string): ServerUrls {
  let url: URL;
  try {
    url = new URL(raw);
  } catch {
    throw new LinkError('bad-url', `"${raw}" is not a URL. Give the server as https://host or https://host:port.`);
  }
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  if (!secure && url.protocol !== 'http:' && url.protocol !== 'ws:') {
    throw new LinkError('bad-url', `The server's URL must begin with https://, got "${url.protocol}//" in "${raw}".`);
  }
  if (url.username || url.password) throw new LinkError('bad-url', "The server's URL must not hold a user name or password.");
  if (url.pathname !== '/' || url.search || url.hash) {
    throw new LinkError(
      'bad-url',
      `The server's URL must be a host and port only, got "${url.pathname}${url.search}${url.hash}" behind it.`,
    );
  }
  if (!secure && !isLoopback(url.hostname)) {
    throw new LinkError(
      'plain-text',
      `${url.protocol}//${url.host} is not encrypted. Use https://; plain http is taken for this computer's loopback only.`,
    );
  }
  const base = `${secure ? 'https' : 'http'}://${url.host}`;
  const socket = new URL(AGENT_PATH, base);
  socket.protocol = secure ? 'wss:' : 'ws:';
  return { base, enrol: new URL(ENROL_PATH, base), socket };
}

/** 127.0.0.0/8, ::1 and the name localhost. WHATWG URLs write every IPv4 spelling in four decimals and IPv6 in brackets. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}
