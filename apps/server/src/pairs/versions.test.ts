import { describe, expect, it } from '@jest/globals';
import type { AgentMessage } from '@lockstep/core/protocol';
import { NO_REQUIREMENTS, type PreparedCatalogue, prepareCatalogue, type SoftwareCatalogue } from '@lockstep/core/software';
import { facts, UDID } from '../../test/readings.js';
import { apply, touchedBy } from './apply.js';
import { Picture } from './picture.js';
import { judgePicture } from './verdicts.js';

const NOW = Date.UTC(2026, 10, 24, 12);

/** Apple's lists as if they named one release for the model of the phone at hand (synthetic). */
function listing(version: string, build: string, released: string): PreparedCatalogue {
  const models = ['iPhone14,5'];
  const release = { version, builds: [build], released, cves: 3, exploited: [], models, offers: [{ feed: 'gdmf', models, expires: null }] };
  const catalogue: SoftwareCatalogue = {
    checkedAt: { gdmf: NOW, 'sofa-ios': NOW, 'sofa-macos': NOW },
    platforms: {
      ios: { releases: [release as never], models: [], improvements: [] },
      macos: { releases: [], models: [], improvements: [] },
    },
    requirements: NO_REQUIREMENTS,
  };
  return prepareCatalogue(catalogue);
}

/** A picture of a healthy pair that runs iOS 26.6.1. */
function told(): { picture: Picture; touched: Set<string>; isNew: Set<string> } {
  const picture = new Picture('00000000-0000-4000-8000-000000000001');
  const message = {
    type: 'facts',
    epoch: '0'.repeat(32),
    seq: 1,
    at: new Date(NOW).toISOString(),
    full: true,
    facts: facts({}, { at: new Date(NOW) }),
  };
  const applied = apply(picture, [message as AgentMessage], NOW);
  return { picture, touched: touchedBy(applied), isNew: applied.newDevices };
}
const causesOf = (picture: Picture) => [...(picture.findings.get(UDID)?.keys() ?? [])];

describe('versions', () => {
  it('are judged by the lists the server has, and by none where it has none', () => {
    const { picture, touched, isNew } = told();
    judgePicture(picture, touched, isNew, NOW, true, []);
    expect(causesOf(picture)).toEqual([]);
    const old = told();
    judgePicture(old.picture, old.touched, old.isNew, NOW, true, [], listing('26.7.1', '23H30', '2026-09-28'));
    expect(causesOf(old.picture)).toEqual(['C60']);
  });

  it('are judged anew when the lists change, although nothing was told of the phone', () => {
    const { picture, touched, isNew } = told();
    const pair = (out: ReturnType<typeof judgePicture>) =>
      out.findings.filter((f) => f.subject === UDID).map((f) => [f.cause, f.closedAt !== null]);
    judgePicture(picture, touched, isNew, NOW, true, [], listing('26.6.1', '23G83', '2026-08-19'));
    expect(causesOf(picture)).toEqual([]);
    expect(pair(judgePicture(picture, new Set(), [], NOW, true, [], listing('26.7.1', '23H30', '2026-09-28')))).toEqual([['C60', false]]);
    expect(pair(judgePicture(picture, new Set(), [], NOW, true, [], listing('26.6.1', '23G83', '2026-08-19')))).toEqual([['C60', true]]);
  });
});
