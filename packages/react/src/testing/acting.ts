import { act } from 'react'

/** What tells React that updates belong within `act`; test libraries set and unset it as they like. */
const FLAG = 'IS_REACT_ACT_ENVIRONMENT'

/** Does something that may change what React shows, and lets it render. */
export function acting(task: () => void): void {
  const before: unknown = Reflect.get(globalThis, FLAG)
  Reflect.set(globalThis, FLAG, true)
  try {
    act(task)
  } finally {
    Reflect.set(globalThis, FLAG, before)
  }
}

/** The same for what takes turns. React renders when it is over. */
export async function actingLong(task: () => Promise<void>): Promise<void> {
  const before: unknown = Reflect.get(globalThis, FLAG)
  Reflect.set(globalThis, FLAG, true)
  try {
    await act(task)
  } finally {
    Reflect.set(globalThis, FLAG, before)
  }
}
