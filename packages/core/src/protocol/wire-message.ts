import { type Guard, isCount, isData, isMaybeEmpty, isText, isTime, orNull, tupleOf } from './reader.ts'

/** A message as it travels. `offset` is 0 for a volatile one, which no log keeps. */
export type WireMessage = readonly [
  topic: string,
  from: string,
  /** Document tag: with `from` and `clock` it makes the message's id. */
  tag: string,
  clock: number,
  time: number,
  userId: string | null,
  offset: number,
  data: unknown,
]

/** A member as it travels. */
export type WireMember = readonly [id: string, userId: string | null, data: unknown, since: number, clock: number]

export const isMessage: Guard = tupleOf(isMaybeEmpty, isMaybeEmpty, isText, isCount, isTime, orNull(isText), isCount, isData)
/** Data of a member may be `null` for nothing. */
export const isMember: Guard = tupleOf(isText, orNull(isText), isData, isTime, isCount)
