import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

/** What keeps an address from being listened on; the message names it. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** The error of `server.listen` as a sentence. For a unix socket in a folder that is not there libuv says EACCES. */
export function listenError(address: string, path: string | null, cause: NodeJS.ErrnoException): ListenError {
  const why =
    path !== null && !existsSync(dirname(path))
      ? 'its folder does not exist'
      : cause.code === 'EADDRINUSE'
        ? 'the address is in use'
        : cause.message;
  return new ListenError(`${address}: ${why}`, why === cause.message ? { cause } : {});
}
