/** Where a command reads and writes: stdout is data, stderr is talk. */
export interface Terminal {
  out(text: string): void;
  talk(text: string): void;
  /** All of stdin as UTF-8; null when it is longer than `limit` bytes. */
  input(limit: number): Promise<string | null>;
  /** Whether a person reads stdout. */
  interactive: boolean;
}

/** This process's own terminal. A reader that goes away (`| head`) ends the talking, not the program. */
export function processTerminal(): Terminal {
  const quiet = (e: NodeJS.ErrnoException) => {
    if (e.code !== 'EPIPE') throw e;
  };
  process.stdout.on('error', quiet);
  process.stderr.on('error', quiet);
  return {
    out: (text) => void process.stdout.write(text),
    talk: (text) => void process.stderr.write(text),
    interactive: process.stdout.isTTY === true,
    async input(limit) {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of process.stdin) {
        const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
        size += bytes.length;
        if (size > limit) return null;
        chunks.push(bytes);
      }
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}
