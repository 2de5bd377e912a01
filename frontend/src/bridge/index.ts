export * from "./api";
export { fromBase64, toBase64 } from "./base64";
export { type Bridge, connect, openBridge } from "./bridge";
export { DISCONNECTED, ParleyError, toParleyError } from "./error";
export type { Connection, Transport, TransportListener } from "./transport";
