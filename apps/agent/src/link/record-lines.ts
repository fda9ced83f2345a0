import { crc32 } from 'node:zlib';

/**
 * The form of spool and journal on disk: one record a line, `LENGTH CRC JSON\n`. LENGTH is the bytes of JSON and CRC their CRC-32, both
 * eight hex digits. JSON holds no raw newline, so a damaged line spoils itself and no other.
 */
const HEAD = 18;

/** One record as it is appended. */
export function encodeRecord(value: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(value), 'utf8');
  return Buffer.concat([Buffer.from(`${hex8(json.length)} ${hex8(crc32(json))} `, 'latin1'), json, Buffer.from('\n')]);
}

export interface DecodedRecords {
  records: unknown[];
  /** Bytes up to the end of the last good line: what follows is a torn tail and has to be cut off before anything is appended. */
  goodLength: number;
  /** The file does not end at a good line. */
  torn: boolean;
  /** Lines that are whole and yet no records: a write that was cut short leaves none of these. */
  damaged: number;
}

/** Reads every good record; never throws. */
export function decodeRecords(bytes: Buffer): DecodedRecords {
  const records: unknown[] = [];
  let goodLength = 0;
  let damaged = 0;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start);
    if (newline === -1) break;
    const value = decodeLine(bytes.subarray(start, newline));
    if (value === undefined) damaged++;
    else {
      records.push(value);
      goodLength = newline + 1;
    }
    start = newline + 1;
  }
  return { records, goodLength, torn: goodLength < bytes.length, damaged };
}

function decodeLine(line: Buffer): unknown {
  if (line.length < HEAD || line[8] !== 0x20 || line[17] !== 0x20) return undefined;
  const json = line.subarray(HEAD);
  if (line.toString('latin1', 0, 8) !== hex8(json.length) || line.toString('latin1', 9, 17) !== hex8(crc32(json))) return undefined;
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
}

function hex8(n: number): string {
  return n.toString(16).padStart(8, '0');
}
