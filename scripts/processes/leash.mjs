// Loaded into every long-running child (`node --import`): when its supervisor is gone, even by `kill -9`, the pipe both hold ends, and so does the child.
import { Socket } from 'node:net';

/** The supervisor's end of this pipe is never written to. */
export const LEASH_FD = 3;

if (process.env.LOCKSTEP_LEASH === '1') {
  // What this process starts itself is not on the leash.
  delete process.env.LOCKSTEP_LEASH;
  const leash = new Socket({ fd: LEASH_FD, readable: true, writable: false });
  const gone = () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 10_000).unref();
  };
  leash.on('error', gone);
  leash.on('end', gone);
  leash.resume();
  leash.unref();
}
