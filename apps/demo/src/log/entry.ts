export type Kind = 'sent' | 'heard' | 'people' | 'trouble'

/** One line of the log. */
export interface Entry {
  readonly key: number
  readonly kind: Kind
  /** Topic or audience. */
  readonly where: string
  /** User id of the sender, or `me`. */
  readonly who: string
  readonly text: string
  /** Milliseconds on the way; of what was sent, to the slowest that said it heard it. */
  readonly latency?: number | undefined
  /** Message id, once it is known. */
  readonly id?: string
  /** How many others said that they heard it. */
  readonly reached?: number
  readonly refused?: string
}
