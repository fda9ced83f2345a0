import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from './platform/index.js';

/** The built console: the same distance from src/ and from dist/. */
export const CONSOLE_DIR = fileURLToPath(new URL('../../web/dist', import.meta.url));

/** Paths that belong to the server: an unknown address below them is an error, never a page. */
const SERVER_PATHS = /^\/(api|agent|live|healthz|readyz|metrics)(\/|$)/;
/** Vite puts a hash of the content into these names. */
const HASHED = /^\/assets\//;

/** The kinds of file that a build of the console makes (IANA media types), and whether gzip makes them smaller. */
const TYPES: Record<string, [type: string, text: boolean]> = {
  '.html': ['text/html; charset=utf-8', true],
  '.js': ['text/javascript; charset=utf-8', true],
  '.css': ['text/css; charset=utf-8', true],
  '.json': ['application/json; charset=utf-8', true],
  '.webmanifest': ['application/manifest+json', true],
  '.map': ['application/json', true],
  '.svg': ['image/svg+xml', true],
  '.txt': ['text/plain; charset=utf-8', true],
  '.png': ['image/png', false],
  '.jpg': ['image/jpeg', false],
  '.webp': ['image/webp', false],
  '.ico': ['image/x-icon', false],
  '.woff2': ['font/woff2', false],
};

interface ConsoleFile {
  bytes: Buffer;
  type: string;
  text: boolean;
  etag: string;
  /** Made when it is first asked for. */
  gzip: Buffer | null;
}

/** Reads the build into memory: a megabyte or two, and no path of a request ever meets the file system. */
function readBuild(dir: string): Map<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>();
  if (!existsSync(join(dir, 'index.html'))) return files;
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const [type, text] = TYPES[extname(entry.name).toLowerCase()] ?? ['application/octet-stream', false];
    const bytes = readFileSync(path);
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    files.set(`/${relative(dir, path).split(sep).join('/')}`, { bytes, type, text, etag, gzip: null });
  }
  return files;
}

function send(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile, cache: string): FastifyReply {
  reply.headers({ 'cache-control': cache, etag: file.etag, vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  reply.type(file.type);
  if (!file.text || !/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return reply.send(file.bytes);
  file.gzip ??= gzipSync(file.bytes);
  return reply.header('content-encoding', 'gzip').send(file.gzip);
}

/** Serves the console: its files as they are, and `index.html` for every other page address, because the console routes in the browser. */
export function serveConsole(app: FastifyInstance, dir: string): void {
  const files = readBuild(dir);
  const index = files.get('/index.html');
  app.get('/*', (request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    if (SERVER_PATHS.test(path)) throw new ProblemError(404, 'not-found', 'There is nothing at this address.');
    if (index === undefined)
      throw new ProblemError(404, 'console-not-built', 'The console is not built here: run npm start, or pnpm -r build.');
    const file = files.get(path);
    if (file !== undefined) return send(request, reply, file, HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
    if (extname(path) !== '') throw new ProblemError(404, 'not-found', 'There is no such file.');
    return send(request, reply, index, 'no-cache');
  });
}
