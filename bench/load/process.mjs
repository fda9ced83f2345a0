// The process of the agents: asked by its parent, and gone with it.
import { Crowd } from './crowd.mjs';
import { RawCrowd } from './raw-crowd.mjs';

const crowd = new Crowd();
const raw = new RawCrowd();

/** @type {Record<string, (args: any) => unknown>} */
const DOES = {
  enrol: (a) => crowd.enrol(a),
  connect: (a) => crowd.connect(a),
  restart: () => crowd.restart(),
  tellPictures: (a) => crowd.tellPictures(a),
  settle: (a) => crowd.settle(a),
  saturate: (a) => crowd.saturate(a),
  pace: (a) => crowd.pace(a),
  murmur: (a) => crowd.murmur(a),
  flip: (a) => crowd.flip(a),
  storm: (a) => crowd.storm(a),
  said: () => crowd.said(),
  rawConnect: (a) => raw.connect(a),
  rawClose: () => raw.close(),
};

process.on('message', async (/** @type {{ id: number, does: string, args: unknown }} */ { id, does, args }) => {
  try {
    process.send?.({ id, value: await DOES[does]?.(args) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.on('disconnect', () => process.exit(0));
// The parent decides when it is over: a Ctrl-C in the terminal reaches both.
process.on('SIGINT', () => undefined);
