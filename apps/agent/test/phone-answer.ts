/** Bits of DNS messages for tests: what a phone answers on the local network. */
const label = (text: string) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
export const name = (text: string) => Buffer.concat([...text.split('.').map(label), Buffer.from([0])]);
export const u16 = (...n: number[]) => Buffer.from(n.flatMap((x) => [x >> 8, x & 0xff]));
export const header = (questions: number, answers: number, more = 0) => u16(0, 0x8400, questions, answers, 0, more);
const record = (owner: Buffer, type: number, data: Buffer) => Buffer.concat([owner, u16(type, 0x8001, 0, 120, data.length), data]);

/** An announcement: PTR, and behind it SRV, TXT and A; names of the service are pointers back to the first. */
export function phoneAnswer(instance: string, txt: string[] = []): Buffer {
  const owner = Buffer.concat([label(instance), Buffer.from([0xc0, 12])]);
  return Buffer.concat([
    header(0, 1, 3),
    record(name('_apple-mobdev2._tcp.local'), 12, owner),
    record(owner, 33, Buffer.concat([u16(0, 0, 62_078), name('iphone.local')])),
    record(owner, 16, Buffer.concat(txt.length === 0 ? [Buffer.from([0])] : txt.map(label))),
    record(name('iphone.local'), 1, Buffer.from([192, 168, 1, 20])),
  ]);
}

/** Somebody who announces a printer. */
export function printerAnswer(): Buffer {
  return Buffer.concat([header(0, 1), record(name('_services._dns-sd._udp.local'), 12, name('_ipp._tcp.local'))]);
}
