import type { Release, SoftwareCatalogue } from './catalogue.js';
import type { FeedName, Platform, Requirements } from './shapes.js';
import type { Verdict } from './verdicts.js';
import { compareNumbers, type VersionNumbers, versionOf } from './versions.js';
import type { WindowsLifecycle } from './windows.js';

/** A release with what comparing it needs. */
export interface PreparedRelease {
  version: string;
  numbers: VersionNumbers;
  major: number;
  release: Release;
}

/** What one model is offered by one feed. */
export interface PreparedOffer {
  of: PreparedRelease;
  expires: string | null;
}

/** Everything about one model. */
export interface PreparedModel {
  id: string;
  /** What people call it; null when no feed says. */
  name: string | null;
  /** Releases that came to it, oldest first. */
  releases: readonly PreparedRelease[];
  /** What it is offered, newest first. */
  offers: Readonly<Record<FeedName, readonly PreparedOffer[]>>;
}

export interface PreparedPlatform {
  releases: readonly PreparedRelease[];
  /** Made when it is first asked for. */
  model(id: string): PreparedModel | null;
  /** Every model that a feed names or offers something to. */
  modelIds: readonly string[];
  /** Major versions that some model is offered, newest first, by feed. */
  majors: Readonly<Record<FeedName, readonly number[]>>;
  /** Whether a build belongs to a release or to an improvement that a feed knows. */
  knows(build: string): boolean;
}

/** Verdicts that were given, of one day and one policy. */
interface Memory {
  day: number;
  policy: object | null;
  verdicts: Map<string, Verdict>;
}

/** A catalogue made for looking things up: O(1) per phone. It never changes; a new feed makes a new one. */
export interface PreparedCatalogue {
  checkedAt: SoftwareCatalogue['checkedAt'];
  platforms: Readonly<Record<Platform, PreparedPlatform>>;
  requirements: Requirements;
  windows?: WindowsLifecycle | undefined;
  /** What was judged before: the same phone on the same day gets the same verdict again. */
  memory: Memory;
}

/** Makes a catalogue ready for judging. Takes some milliseconds; do it once per catalogue. */
export function prepareCatalogue(catalogue: SoftwareCatalogue): PreparedCatalogue {
  const platforms = {
    ios: preparePlatform(catalogue.platforms.ios),
    macos: preparePlatform(catalogue.platforms.macos),
  };
  return {
    checkedAt: catalogue.checkedAt,
    platforms,
    requirements: catalogue.requirements,
    windows: catalogue.windows,
    memory: { day: Number.NaN, policy: null, verdicts: new Map() },
  };
}

/** The same catalogue with a memory of its own: for judging other days and policies without emptying the memory of those who judge today. */
export function apart(catalogue: PreparedCatalogue): PreparedCatalogue {
  return { ...catalogue, memory: { day: Number.NaN, policy: null, verdicts: new Map() } };
}

function preparePlatform(platform: SoftwareCatalogue['platforms'][Platform]): PreparedPlatform {
  const releases = platform.releases
    .flatMap((release): PreparedRelease[] => {
      const numbers = versionOf(release.version);
      return numbers === null ? [] : [{ version: release.version, numbers, major: numbers[0] ?? 0, release }];
    })
    .sort((a, b) => compareNumbers(a.numbers, b.numbers));
  const builds = new Set([...releases.flatMap((r) => r.release.builds), ...platform.improvements.map((i) => i.build)]);

  // Who a major version is for: everybody whom some release of it names. Releases that name nobody were for all of these.
  const peopleOf = new Map<number, Set<string>>();
  const offeredTo = new Map<string, Record<FeedName, PreparedOffer[]>>();
  const majors: Record<FeedName, Set<number>> = { gdmf: new Set(), 'sofa-ios': new Set(), 'sofa-macos': new Set() };
  for (const of of [...releases].reverse()) {
    const people = peopleOf.get(of.major) ?? new Set<string>();
    peopleOf.set(of.major, people);
    for (const id of of.release.models ?? []) people.add(id);
    for (const offer of of.release.offers) {
      majors[offer.feed].add(of.major);
      for (const id of offer.models) {
        people.add(id);
        const offers = offeredTo.get(id) ?? { gdmf: [], 'sofa-ios': [], 'sofa-macos': [] };
        offeredTo.set(id, offers);
        offers[offer.feed].push({ of, expires: offer.expires });
      }
    }
  }
  const named = new Map(platform.models.map((m) => [m.id, m.name]));
  const boards = new Map<string, string[]>();
  for (const { id, product } of platform.models) if (product !== null) boards.set(product, [...(boards.get(product) ?? []), id]);

  /** How new what the model is offered is: the place of the release among all, -1 for none. */
  const rank = (m: PreparedModel) => Math.max(-1, ...Object.values(m.offers).flatMap((all) => all.map((o) => releases.indexOf(o.of))));
  const made = new Map<string, PreparedModel | null>();
  const make = (id: string): PreparedModel | null => {
    const offers = offeredTo.get(id);
    if (!offers && !named.has(id)) {
      // A Mac may call itself by its product name. Of several boards of one product the one that is offered the most speaks: a wrong
      // "this is the last version" does more harm than an offer that is refused.
      const candidates = (boards.get(id) ?? []).filter((board) => board !== id).map(find);
      return candidates.reduce<PreparedModel | null>((a, b) => (a === null || (b !== null && rank(b) > rank(a)) ? b : a), null);
    }
    const isFor = (r: PreparedRelease) =>
      r.release.models === null ? peopleOf.get(r.major)?.has(id) === true : r.release.models.includes(id);
    return {
      id,
      name: named.get(id) ?? null,
      releases: releases.filter(isFor),
      offers: offers ?? { gdmf: [], 'sofa-ios': [], 'sofa-macos': [] },
    };
  };
  const find = (id: string): PreparedModel | null => {
    const known = made.get(id);
    if (known !== undefined) return known;
    const model = make(id);
    // A phone may call itself anything: what does not exist is not kept.
    if (model !== null) made.set(id, model);
    return model;
  };
  const newestFirst = (set: ReadonlySet<number>) => [...set].sort((a, b) => b - a);
  return {
    releases,
    model: find,
    modelIds: [...new Set([...named.keys(), ...offeredTo.keys()])].sort(),
    majors: {
      gdmf: newestFirst(majors.gdmf),
      'sofa-ios': newestFirst(majors['sofa-ios']),
      'sofa-macos': newestFirst(majors['sofa-macos']),
    },
    knows: (build) => builds.has(build),
  };
}
