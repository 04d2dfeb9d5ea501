import type { RelayFrame } from '@earshot/core/protocol'

/** What carries frames to a relay and back. */
export interface Pipe {
  /** Sends encoded frames. Nothing happens when it is closed. */
  send(text: string): void
  /** Ends it; `ended` is not called any more. */
  close(): void
  /** Bytes that were not sent yet. */
  readonly buffered: number
}

/** A frame that came in another codec than JSON. */
export interface DecodedFrame {
  /** `undefined` when it makes no sense. */
  readonly frame: RelayFrame | undefined
  /** Characters that it may have as JSON. */
  readonly length: number
}

/** What a pipe tells. */
interface PipeEvents {
  opened(): void
  /** Frames came, one a line; or those of another codec. */
  received(frames: string | readonly DecodedFrame[]): void
  /** It is over, for good; with the code of the WebSocket protocol. Called once. */
  ended(code: number): void
}

/** Opens a pipe; at the latest `ended` tells when that fails. */
export type OpenPipe = (events: PipeEvents) => Pipe
