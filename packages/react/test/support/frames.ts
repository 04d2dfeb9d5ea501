import { act } from '@testing-library/react'
import { vi } from 'vitest'

/** Frames that come when a test says so. */
export interface TestFrames {
  /** Frames asked for and not had. */
  readonly pending: number
  /** Runs what waits for the next frame, and lets React commit it. */
  next(): Promise<void>
}

/** Takes `requestAnimationFrame` over until stubs are undone. */
export function testFrames(): TestFrames {
  let waiting: FrameRequestCallback[] = []
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => waiting.push(callback))
  return {
    get pending() {
      return waiting.length
    },
    next: () =>
      act(async () => {
        const callbacks = waiting
        waiting = []
        for (const callback of callbacks) callback(0)
      }),
  }
}
