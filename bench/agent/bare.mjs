// The limit of memory: Node with the two libraries that the agent is made of, and one open socket. Given the URL to connect to.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const agents = createRequire(join(import.meta.dirname, '../../apps/agent/package.json'));
await import(pathToFileURL(agents.resolve('zod')).href);
/** @type {typeof import('ws')} */
const { WebSocket } = await import(pathToFileURL(agents.resolve('ws')).href).then((ws) => ws.default ?? ws);

const socket = new WebSocket(process.argv[2] ?? '', { perMessageDeflate: false });
socket.on('open', () => process.stdout.write(`${JSON.stringify({ msg: 'ready' })}\n`));
socket.on('close', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
