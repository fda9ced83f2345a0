// biome-ignore-all format: an agent in 200 lines, written from packages/core/src/protocol/SPEC.md alone; comments such as ORD-8 name its rules.
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import fs from 'node:fs';
import { WebSocket } from 'ws';

const text = (pattern) => (value) => typeof value === 'string' && pattern.test(value);
const [UUID, EPOCH, KEY_ID] = [text(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/), text(/^[0-9a-f]{32}$/), text(/^[0-9a-f]{16}$/)];
const [KEY, SIGNATURE, UDID] = [text(/^[\w-]{43}$/), text(/^[\w-]{86}$/), text(/^([0-9A-F]{8}-[0-9A-F]{16}|[0-9a-f]{40})$/)];
const isTime = (value) => text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)(value) && !Number.isNaN(Date.parse(value));
const [isCount, maybe] = [(value, least) => Number.isSafeInteger(value) && value >= least, (fits) => (value) => value === undefined || fits(value)];
const fitsAll = (of) => (o) => o instanceof Object && Object.keys(o).every((k) => Object.hasOwn(of, k)) && Object.keys(of).every((k) => of[k](o[k]));
const [random, clocks] = [(bytes, encoding) => randomBytes(bytes).toString(encoding), () => ({ mono: performance.now(), wall: Date.now() })];
function objectOf(json) {
  let value = null;
  try { value = JSON.parse(json); } catch {}
  return typeof value === 'object' && !Array.isArray(value) ? value : null;
}

const signed = (purpose, bytes) => Buffer.concat([Buffer.from(`lockstep/1 ${purpose}\n`), Buffer.from(bytes)]);
export function keyOf(seed) { // Node takes raw Ed25519 seeds in PKCS #8 only; RFC 8410 fixes its head
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'base64url')]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'jwk' }).x;
  return { publicKey, sign: (purpose, bytes) => sign(null, signed(purpose, bytes), key).toString('base64url') };
}
const keyFrom = (publicKey) => ({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: publicKey } });
export const holds = (publicKey, purpose, bytes, signature) =>
  verify(null, signed(purpose, bytes), keyFrom(publicKey), Buffer.from(signature, 'base64url'));
const sha256 = (publicKey, encoding) => createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest(encoding);
export const keyIdOf = (publicKey) => sha256(publicKey, 'hex').slice(0, 16);
export function endpoint(server, path) { // WIRE-2
  if (!/^(https:|http:\/\/(127(\.\d+){3}|\[::1\]|localhost)(:\d+)?$)/.test(new URL(server).origin)) throw new Error('the server needs an https: URL');
  return new URL(path, server);
}
export const enrolmentRequest = ({ publicKey, sign }, token, host) =>
  ({ version: 1, token, publicKey, host, signature: sign('enrol', `${token}\n${publicKey}\n`) });
export function checkAnswer(token, { hostId, orderKey, orderKeyId }) {
  const isNamed = UUID(hostId) && KEY(orderKey) && sha256(orderKey, 'base64url') === token.split('.')[2] && keyIdOf(orderKey) === orderKeyId;
  if (!isNamed) throw new Error('the order key is not the one that the token names');
}
/** Enrols this host. `file` keeps its key and, once enrolled, all of its identity; used again it sends the same key (ENR-7). */
export async function enrol({ server, token, file, host }) {
  const url = endpoint(server, '/agent/v1/enrol');
  const store = (name, identity) => fs.writeFileSync(name, JSON.stringify(identity), { mode: 0o600, flush: true });
  if (!fs.existsSync(file)) store(file, { seed: random(32, 'base64url') });
  const { seed } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const request = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(enrolmentRequest(keyOf(seed), token, host)) };
  const response = await fetch(url, { method: 'POST', redirect: 'error', ...request });
  const answer = objectOf(await response.text());
  if (response.status > 201) throw new Error(`enrolment was answered ${response.status}: ${answer?.detail ?? answer?.title ?? ''}`);
  checkAnswer(token, answer ?? {});
  store(`${file}.new`, { seed, server, hostId: answer.hostId, orderKey: answer.orderKey });
  fs.renameSync(`${file}.new`, file);
}
export function textToProve(hello, challenge, orderKey) { // HS-2 to HS-4: what to sign, or null if the challenge is of another server
  const { type, version, nonce, keyId, time, signature } = challenge;
  const isWhole = type === 'server.challenge' && version === hello.version && KEY(nonce) && isTime(time) && SIGNATURE(signature);
  const lines = [hello.version, hello.hostId, hello.epoch, hello.nonce, nonce, time].map((line) => `${line}\n`).join('');
  return isWhole && keyId === keyIdOf(orderKey) && holds(orderKey, 'server', lines, signature) ? lines : null;
}
export function isFormed({ type, epoch, seq, keyId, order, signature }) { // MSG-4; types that are unknown are left alone (WIRE-5)
  if (type === 'ack') return EPOCH(epoch) && isCount(seq, 1);
  return type !== 'order' || (KEY_ID(keyId) && SIGNATURE(signature) && typeof order === 'string' && order.length <= 8192);
}
const FIELDS = { version: (v) => v === 1, keyId: KEY_ID, hostId: UUID, epoch: EPOCH, connection: KEY, runId: UUID, fix: text(/^/) };
const CLEARED = { approvedBy: (v) => Array.isArray(v) && v.length <= 8 && v.every(UUID), ecid: maybe(text(/^[0-9A-F]{16}$/)) };
Object.assign(CLEARED, { backupProvenAt: maybe(isTime), lossAcceptedBy: maybe(UUID), consent: maybe(fitsAll({ recordedBy: UUID, at: isTime })) });
Object.assign(FIELDS, { udid: (v) => v === null || text(/^/)(v), issuedAt: isTime, expiresAt: isTime, clearance: maybe(fitsAll(CLEARED)) });
/** Section 8: `{order}`, or `{reason, runId}` by the first rule that is broken. */
export function judgeOrder(envelope, { orderKey, hostId, epoch, connection, now, fixes, runs }) {
  if (envelope.keyId !== keyIdOf(orderKey)) return { reason: 'unknown-key', runId: null };
  const bytes = Buffer.from(envelope.order, 'base64url');
  const isExact = bytes.toString('base64url') === envelope.order;
  if (!isExact || !holds(orderKey, 'order', bytes, envelope.signature)) return { reason: 'bad-signature', runId: null };
  const order = bytes.equals(Buffer.from(bytes.toString())) ? objectOf(bytes.toString()) : null; // only UTF-8 survives the round trip
  const [issued, expires] = [Date.parse(order?.issuedAt), Date.parse(order?.expiresAt)];
  const rules = [
    ['bad-order', () => fitsAll(FIELDS)(order) && order.keyId === envelope.keyId && expires > issued && expires - issued <= 120_000],
    ['wrong-host', () => order.hostId === hostId],
    ['wrong-epoch', () => order.epoch === epoch],
    ['wrong-connection', () => order.connection === connection],
    ['expired', () => expires > now && issued <= now + 5_000],
    ['replayed', () => !runs.has(order.runId)],
    ['unknown-fix', () => fixes.includes(order.fix)],
    ['bad-parameters', () => (order.fix === 'F08' ? order.udid === null : UDID(order.udid))],
    ['busy', () => ![...runs.values()].some((run) => !run.isOver && (run.udid === null || [null, run.udid].includes(order.udid)))],
  ];
  const broken = rules.find(([, isKept]) => !isKept());
  return broken ? { reason: broken[0], runId: UUID(order?.runId) ? order.runId : null } : { order };
}
const unmeasured = (name, value) => (/^(at|tookMs|latencyMs|uptimeS|waiting)$/.test(name) ? undefined : value); // FACT-5

/** Spool in memory, journal on disk. `read`: every fact of now, 512 at most. `fixes`: by id `async (order, progress) => ({mechanics, detail})`. */
export class SpecAgent {
  #ws; #clock; #retry; #isStopped = false; #connection = null; #ceiling = 1_000; #runs = new Map(); #reading = Promise.resolve();
  #epoch = random(16, 'hex'); #seq = 0; #sent = 0; #acked = 0; #waiting = []; #onWire = 0; #picture = null;
  constructor({ file, read, fixes, host, log = () => {} }) {
    Object.assign(this, { id: JSON.parse(fs.readFileSync(file, 'utf8')), journal: `${file}.runs`, read, fixes, host, log });
    const lines = fs.existsSync(this.journal) ? fs.readFileSync(this.journal, 'utf8').split('\n').map(objectOf) : [];
    for (const line of lines) if (line) this.#runs.set(line.runId, line); // nothing was done yet when a line was torn
    for (const { runId, isOver } of this.#runs.values()) if (!isOver) this.#settle(runId, { mechanics: 'unknown', detail: 'cut-off' }); // RUN-5
  }
  async stop() {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    if (this.#ws.readyState !== WebSocket.CLOSED) await new Promise((resolve) => this.#ws.once('close', resolve).close(1000));
  }
  /** Reads everything; tells the whole picture if it is new, `still` if not. */
  look = () => this.#readThen((facts, at) => {
    const before = this.#picture;
    this.#picture = JSON.stringify(facts, unmeasured);
    return before === this.#picture ? this.#tell('still', { except: [] }, at) : this.#tell('facts', { full: true, facts });
  });
  #readThen(use) {
    const reading = async (at = this.#at()) => use((await this.read()).map((fact) => ({ at, probe: 'spec-agent', tookMs: 0, ...fact })), at);
    return (this.#reading = this.#reading.then(() => reading()).catch((error) => this.log(`could not read: ${error.message}`)));
  }
  #now = () => (this.#clock ? this.#clock.time + Math.max(clocks().mono - this.#clock.mono, clocks().wall - this.#clock.wall) : Date.now());
  #at = () => new Date(this.#now()).toISOString();
  #tell(type, body, at = this.#at()) {
    this.#waiting.push({ type, epoch: this.#epoch, seq: ++this.#seq, at, ...body });
    this.#pump();
  }
  #pump() {
    for (; this.#connection && this.#onWire < Math.min(this.#waiting.length, 64); this.#onWire++) {
      this.#ws.send(JSON.stringify(this.#waiting[this.#onWire]));
      this.#sent = Math.max(this.#sent, this.#waiting[this.#onWire].seq);
    }
  }
  #forget(acked) {
    this.#acked = Math.max(this.#acked, acked);
    for (; this.#waiting[0]?.seq <= acked; this.#onWire = Math.max(0, this.#onWire - 1)) this.#waiting.shift();
    this.#pump();
  }
  #renew() {
    const receipts = this.#waiting.filter((message) => message.type.startsWith('fix.'));
    [this.#epoch, this.#seq, this.#sent, this.#acked, this.#picture] = [random(16, 'hex'), receipts.length, 0, 0, null];
    this.#waiting = receipts.map((message, i) => ({ ...message, epoch: this.#epoch, seq: i + 1 }));
    this.#ws.close(1000);
  }
  async #onOrder(envelope) {
    const self = { ...this.id, epoch: this.#epoch, connection: this.#connection, now: this.#now(), fixes: Object.keys(this.fixes), runs: this.#runs };
    const { order, ...refusal } = judgeOrder(envelope, self);
    if (!order) return this.#tell('fix.refused', refusal);
    const { runId, udid } = order;
    try { this.#note({ runId, udid, isOver: false }); } catch { return this.#tell('fix.refused', { runId, reason: 'no-journal' }); }
    this.#tell('fix.received', { runId });
    const progress = (stage, awaiting = null) => this.#tell('fix.progress', { runId, stage, awaiting });
    this.#settle(runId, await this.fixes[order.fix](order, progress).catch(() => ({ mechanics: 'unknown', detail: 'crashed' })));
  }
  async #settle(runId, { mechanics, detail = null }) {
    this.#tell('fix.settled', { runId, mechanics, detail, facts: (await this.#readThen((fresh) => fresh)) ?? [] });
    try { this.#note({ ...this.#runs.get(runId), isOver: true }); } catch (error) { this.log(error.message); }
  }
  #note(run) {
    fs.appendFileSync(this.journal, `\n${JSON.stringify(run)}`, { mode: 0o600, flush: true });
    this.#runs.set(run.runId, run);
  }
  start() {
    const { server, hostId, orderKey } = this.id;
    const ws = (this.#ws = new WebSocket(endpoint(server, '/agent/v1'), ['lockstep-agent.v1'], { perMessageDeflate: false, maxPayload: 262_144 }));
    const hello = { type: 'agent.hello', version: 1, hostId, epoch: this.#epoch, nonce: random(32, 'base64url'), keyId: keyIdOf(orderKey) };
    let [began, heard, stage, isDistrusted] = [clocks(), clocks(), 'challenge', false];
    const guard = setInterval(() => {
      const [mono, wall, silent] = [clocks().mono - began.mono, clocks().wall - began.wall, clocks().mono - heard.mono];
      if ((stage !== 'open' && mono > 10_000) || silent > 62_500 || Math.abs(wall - mono) > 10_000) ws.terminate(); // HS-8, LIVE-2, LIVE-3
    }, 1_000);
    const minute = setInterval(() => this.look(), 60_000);
    ws.on('ping', () => (heard = clocks())).on('error', (error) => this.log(error.message));
    ws.on('upgrade', () => (began = clocks())).on('open', () => ws.send(JSON.stringify(hello)));
    ws.on('message', (data, isBinary) => {
      if (ws.readyState !== WebSocket.OPEN) return;
      const frame = isBinary ? null : objectOf(data.toString());
      heard = clocks();
      if (!frame || (stage === 'open' && !isFormed(frame))) return ws.close(4400, 'bad-message');
      if (stage === 'challenge') {
        const lines = textToProve(hello, frame, orderKey);
        if (lines === null) return (isDistrusted = true) && ws.terminate();
        [stage, this.#clock] = ['welcome', { time: Date.parse(frame.time), ...began }];
        ws.send(JSON.stringify({ type: 'agent.proof', signature: keyOf(this.id.seed).sign('agent', lines), host: this.host }));
      } else if (stage === 'welcome') {
        if (frame.type !== 'server.welcome' || !isCount(frame.acked, 0)) return ws.close(4401, 'not-authenticated');
        if (frame.acked > this.#sent || frame.acked < this.#acked) return this.#renew(); // SEQ-8
        [stage, this.#onWire, this.#connection] = ['open', 0, hello.nonce];
        this.#forget(frame.acked);
        this.look(); // FACT-3
      } else if (frame.type === 'order') this.#onOrder(frame);
      else if (frame.type === 'ack' && frame.epoch === this.#epoch) frame.seq > this.#sent ? ws.terminate() : this.#forget(frame.seq); // SEQ-9
    });
    ws.on('close', (code, reason) => {
      [this.#connection, this.#ceiling] = [null, stage === 'open' && clocks().mono - began.mono >= 60_000 ? 1_000 : this.#ceiling];
      for (const timer of [guard, minute]) clearInterval(timer);
      if (this.#isStopped) return;
      this.log(isDistrusted ? 'this is not the server that the host enrolled with' : `the connection ended: ${code} ${reason}`);
      const isSentAway = isDistrusted || [4401, 4403, 4406, 4409].includes(code);
      this.#retry = setTimeout(() => this.start(), isSentAway ? 150_000 * (1 + Math.random()) : this.#ceiling * Math.random()); // LIVE-4, LIVE-5
      this.#ceiling = Math.min(300_000, 2 * this.#ceiling);
    });
  }
}
