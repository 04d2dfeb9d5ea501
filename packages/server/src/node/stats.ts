/** Readings of a relay. */
export interface RelayStats {
  /** Messages published, by clients and by the server; like the next seven it rises until the relay ends. */
  readonly published: number
  readonly delivered: number
  /** Frames of sessions that were refused. */
  readonly refused: number
  /** Messages that sessions had missed and got from the log. */
  readonly recovered: number
  /** Topics of which a session was told that messages are lost. */
  readonly gaps: number
  /** Volatile messages that slow consumers did not get. */
  readonly skipped: number
  /** Connections that were refused since there were too many. */
  readonly turnedAway: number
  /** Sessions that were asked to come back, since `authorize` had failed. */
  readonly postponed: number
  readonly connections: number
  /** Attached or not gone for good. */
  readonly sessions: number
  readonly subscriptions: number
  /** Bytes that sockets have not sent yet. */
  readonly buffered: number
}
