// The limit: bare ws, which answers as many frames of the same sizes as a first exchange has and keeps nothing but the connection.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
/** The sizes of server.challenge and server.welcome. */
const ANSWERS = ['c'.repeat(330), 'w'.repeat(90)];

server.on('connection', (ws) => {
  let frames = 0;
  ws.on('error', () => undefined);
  ws.on('message', () => {
    const answer = ANSWERS[frames++];
    if (answer !== undefined) ws.send(answer);
  });
});
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  process.stdout.write(`${JSON.stringify({ msg: 'ready', port: typeof address === 'object' ? address?.port : 0 })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
