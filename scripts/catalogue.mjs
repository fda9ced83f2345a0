// `npm run catalogue -- --from FILE …`: makes the snapshot of Apple's software lists that comes with the server from files of the feeds.
import { nodeTooOld } from './node-version.mjs';

const sentence = nodeTooOld(process.versions.node);
if (sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
} else {
  process.exitCode = await (await import('./catalogue/main.mjs')).main(process.argv.slice(2));
}
