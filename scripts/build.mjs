// `npm run build`: what `npm start` does before it starts anything, and no more. Nothing may be imported here that needs an install or a recent Node.
import { nodeTooOld } from './node-version.mjs';

const sentence = nodeTooOld(process.versions.node);
if (sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
} else {
  import('./build/main.mjs').then((main) => main.build());
}
