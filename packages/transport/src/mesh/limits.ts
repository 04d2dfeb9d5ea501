/** Bounds of what a tab keeps. */
export interface MeshLimits {
  readonly messages: number
  readonly topics: number
  readonly resendMessages: number
  readonly resendSize: number
  readonly outbox: number
}
