import { readFileSync } from 'node:fs';

/** What a Dockerfile makes of its last stage, as far as ours says it. */
export interface Image {
  /** `COPY --from=build`: what the last stage takes from the build, by its path there and its path here, both under the build's folder. */
  copies: { from: string; to: string }[];
  workdir: string;
  env: Record<string, string>;
  user: string;
  volumes: string[];
  health: string[];
  command: string[];
}

/** Reads the last stage of a Dockerfile. Throws at an instruction it does not know: what is not looked at is not checked. */
export function readImage(file: string): Image {
  const lines = readFileSync(file, 'utf8')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((l) => l.trim())
    .filter((l) => l !== '' && !l.startsWith('#'));
  const image: Image = { copies: [], workdir: '/', env: {}, user: 'root', volumes: [], health: [], command: [] };
  for (const line of lines.slice(lines.findLastIndex((l) => l.startsWith('FROM ')) + 1)) {
    const [, word = '', rest = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    if (word === 'WORKDIR') image.workdir = rest;
    else if (word === 'ENV') for (const [, k = '', v = ''] of rest.matchAll(/([A-Z_]+)=(\S+)/g)) image.env[k] = v;
    else if (word === 'COPY') {
      const [, from = '', to = ''] = /^--from=build (\S+) (\S+)$/.exec(rest) ?? [];
      if (!from.startsWith(`${image.workdir}/`) || !to.startsWith('./')) throw new Error(`not understood: ${line}`);
      image.copies.push({ from: from.slice(image.workdir.length + 1), to: to.slice(2) });
    } else if (word === 'USER') image.user = rest;
    else if (word === 'VOLUME') image.volumes.push(rest);
    else if (word === 'HEALTHCHECK') image.health = JSON.parse(rest.slice(rest.indexOf('['))) as string[];
    else if (word === 'CMD') image.command = JSON.parse(rest) as string[];
    else if (word !== 'RUN' && word !== 'EXPOSE') throw new Error(`not understood: ${line}`);
  }
  return image;
}

/** The environment that docker-compose.yml gives to one service: `name: value` lines below `environment:`. */
export function composeEnvironment(file: string, service: string): Record<string, string> {
  const out: Record<string, string> = {};
  let at = '';
  let isEnvironment = false;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const name = /^ {2}(\w+):/.exec(line)?.[1];
    if (name !== undefined) at = name;
    if (/^ {4}\S/.test(line)) isEnvironment = line.trim() === 'environment:';
    const pair = /^ {6}([A-Z_]+): (.*?)(?: #.*)?$/.exec(line);
    if (at === service && isEnvironment && pair) out[pair[1] ?? ''] = pair[2] ?? '';
  }
  return out;
}
