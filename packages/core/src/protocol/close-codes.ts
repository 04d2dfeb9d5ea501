/** Why a relay closes a socket, by the code that the client sees. What is not named here is a loss: the client comes back. */
export const CLOSE = {
  /** The relay stops or restarts: come back, spread over the time that `bye` named. */
  restart: 1012,
  /** The relay is too busy: come back, spread over the time that `bye` named. */
  overload: 1013,
  /** A frame that makes no sense. Final. */
  protocolViolation: 4400,
  /** The token is missing, wrong or over. Ask for another one once; then final. */
  unauthorized: 4401,
  /** This user or origin may not connect. Final. */
  forbidden: 4403,
  /** No frame, or no answer to a ping, for too long: come back. */
  timeout: 4408,
  /** The relay speaks another version. Final. */
  protocolVersion: 4406,
  /** A frame beyond the limit that `welcome` named. Final. */
  payloadTooLarge: 4413,
  /** Too many frames. Come back, spread over the time that `bye` named. */
  rateLimited: 4429,
} as const
