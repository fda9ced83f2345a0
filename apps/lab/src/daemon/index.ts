export type { AttachedPhone } from './attached.js';
export { Bench, BenchError, type BenchOptions } from './bench.js';
export { addressForClients, ListenAddress } from './listen-address.js';
export { ListenError, listenError } from './listen-error.js';
export { type MuxOptions, SimulatedMux } from './mux.js';
export { ERRNO, RecordFolder } from './records.js';
export type { OnBus, SeatStatus } from './seat.js';
