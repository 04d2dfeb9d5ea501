/** What carries frames to a relay and back. */
export interface Pipe {
  /** Sends encoded frames. Nothing happens when it is closed. */
  send(text: string): void
  /** Ends it; `ended` is not called any more. */
  close(): void
  /** Bytes that were not sent yet. */
  readonly buffered: number
}

/** What a pipe tells. */
interface PipeEvents {
  opened(): void
  /** Frames came, one a line. */
  received(text: string): void
  /** It is over, for good; with the code of the WebSocket protocol. Called once. */
  ended(code: number): void
}

/** Opens a pipe; at the latest `ended` tells when that fails. */
export type OpenPipe = (events: PipeEvents) => Pipe
