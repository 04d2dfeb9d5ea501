import type { DetachedFrame } from '@earshot/core/protocol'

/** Why a session is detached. */
export type Notice = Omit<DetachedFrame, 't' | 's'>

export const TOO_MANY = 'too many frames'

export const ELSEWHERE: Notice = { code: 'connection-lost', reason: 'the session is attached elsewhere' }

export const NONSENSE: Notice = { code: 'protocol-violation', reason: 'a frame makes no sense' }

/** Nobody could say what it may do: it comes back. */
export const UNDECIDED: Notice = { code: 'timeout', reason: 'nobody could say what it may do: it will ask again by itself' }

/** Why connections of a user are closed that the server has disconnected. */
export const DISCONNECTED = 'the server has ended the sessions of this user'

/** Why a message cannot be both. */
export const VOLATILE_VALUE = 'what is volatile is not kept, and cannot be a value: leave out `volatile` or `retain`'

/** Within how long those come back whose token could not be checked, or that were too many, in milliseconds. */
export const OVERLOAD_SPREAD = 10_000

/** The WebSocket protocol's own code for it. */
export const UNSUPPORTED_DATA = 1003
