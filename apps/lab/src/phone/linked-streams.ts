import { type Duplex, duplexPair } from 'node:stream';

/** Two ends of a connection inside this process. As with a socket, whichever end is destroyed takes the other along. */
export function linkedStreams(): [Duplex, Duplex] {
  const [here, there] = duplexPair();
  here.on('close', () => there.destroy());
  there.on('close', () => here.destroy());
  return [here, there];
}
