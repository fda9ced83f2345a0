import type { CauseId, Layer } from '../health/index.js';
import type { SourceId } from './sources.js';

/** Who made a number up. The same number means different things in different families: 28 is a missing driver or a broken sensor. */
export const CODE_FAMILIES = [
  /** lockdownd on the phone, and libimobiledevice's own numbers before it: small and negative. */
  'lockdown',
  /** Apple's MobileDevice framework, behind Finder, iTunes, Apple Devices and Configurator: 0xE80000xx. */
  'mobile-device',
  /** The multiplexer's result numbers. */
  'usbmux',
  /** Updating or restoring a phone: "An unknown error occurred (4013)". */
  'restore',
  /** The backup service on the phone: MBErrorDomain. */
  'backup',
  /** Apple Configurator's command line. */
  'cfgutil',
  /** Device Manager: "Code 43". */
  'windows-pnp',
  /** Windows Installer and winget exit codes. */
  'installer',
] as const;
export type CodeFamily = (typeof CODE_FAMILIES)[number];

/** A fix by its id. The catalogue may not carry it yet: what a code suggests outlives what an agent can do. */
export type FixName = `F${string}`;

/** One number, or a run of them, both ends meant. */
export type CodeNumber = number | readonly [from: number, to: number];

/** What a code decides. English stands elsewhere, under the row's key. */
export interface CodeMeaning {
  /** The rung it speaks of; null when it speaks of none. */
  layer: Layer | null;
  /** Causes it points to, likeliest first. */
  causes: readonly CauseId[];
  /** What to do first, least risk first. */
  fixes: readonly FixName[];
  /** Routine, or even success: no fault by itself. */
  harmless?: true;
  /** One witness, or none that we could repeat: a hint, not a finding. */
  lowConfidence?: true;
}

/** What is written down for each code of a family. */
export interface CodeEntry extends CodeMeaning {
  /** 32-bit codes as they stand in hex; everything else as it is shown, with its sign. */
  numbers: readonly CodeNumber[];
  /** Words on the wire, in logs or in headers; the first is the one to show. */
  names: readonly string[];
  source: SourceId;
  /** People meet it often: it goes first among the meanings of a bare number. */
  usual?: true;
}

/** A code, ready to be looked up. */
export interface CodeRow extends CodeEntry {
  /** `lockdown/InvalidHostID`: stable, for links and other languages. */
  id: string;
  family: CodeFamily;
  /** The same error in the other numbering: lockdown's in 0xE80000xx, and back; null where there is none. */
  twin: number | null;
}

/** What a person reads about a code. Keys are those of the tables; another language is another set of tables of this shape. */
export interface CodeWords {
  /** Short, for a column. */
  title: string;
  /** What it means, in one plain sentence. */
  meaning: string;
  /** The next step. */
  next: string;
}
