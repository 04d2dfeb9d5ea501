import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHub, isEarshotError, type Overflow } from '@earshot/core'
import { runMicrotasks } from '../../src/testing/test-clock.ts'

type Step = { kind: 'push'; topic: string } | { kind: 'pull' } | { kind: 'return' | 'abort' | 'close' | 'breathe' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('push' as const), topic: fc.constantFrom('a', 'b', 'c') }) },
  { weight: 5, arbitrary: fc.constant({ kind: 'pull' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'breathe' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'return' as const }, { kind: 'abort' as const }, { kind: 'close' as const }) },
)
const overflow = fc.constantFrom<Overflow>('drop-newest', 'drop-oldest', 'latest', 'error')

interface Seen {
  /** What each pull gave: a number, 'done', 'overflow', or nothing while it waits. */
  pulls: (number | string | undefined)[]
  drops: number[]
  sizes: number[]
  closed: string[]
}

async function onStream(steps: readonly Step[], capacity: number, overflow: Overflow): Promise<Seen> {
  const session = createHub().openSession()
  const controller = new AbortController()
  const seen: Seen = { pulls: [], drops: [], sizes: [], closed: [] }
  const stream = session.stream(['a', 'b', 'c'], {
    capacity,
    overflow,
    signal: controller.signal,
    onDrop: message => seen.drops.push(Number(message.data)),
    onClose: reason => seen.closed.push(reason),
  })
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'push' && !session.closed) session.publish(step.topic, index)
    if (step.kind === 'pull') {
      const at = seen.pulls.push(undefined) - 1
      stream.next().then(
        result => (seen.pulls[at] = result.done ? 'done' : Number(result.value.data)),
        error => (seen.pulls[at] = isEarshotError(error) ? error.code : 'unexpected'),
      )
    }
    if (step.kind === 'return') await stream.return()
    if (step.kind === 'abort') controller.abort()
    if (step.kind === 'close') session.close()
    if (step.kind === 'breathe') await runMicrotasks()
    seen.sizes.push(stream.size)
  }
  await runMicrotasks()
  return seen
}

/** The policies as they are described, over a plain array. */
function onModel(steps: readonly Step[], capacity: number, overflow: Overflow): Seen {
  const seen: Seen = { pulls: [], drops: [], sizes: [], closed: [] }
  let buffer: { topic: string; data: number }[] = []
  const waiting: number[] = []
  const model: { state: 'open' | 'failed' | 'ended' } = { state: 'open' }
  let sessionClosed = false
  const end = (reason: string): void => {
    if (seen.closed.length > 0) return
    seen.closed.push(reason)
    for (const at of waiting.splice(0)) seen.pulls[at] = 'done'
    if (model.state === 'open') model.state = 'ended'
  }
  const push = (topic: string, data: number): void => {
    const reader = waiting.shift()
    if (reader !== undefined) {
      seen.pulls[reader] = data
      return
    }
    if (overflow === 'latest') {
      const older = buffer.find(item => item.topic === topic)
      if (older) {
        seen.drops.push(older.data)
        buffer = buffer.filter(item => item !== older)
      }
    }
    if (buffer.length < capacity) buffer.push({ topic, data })
    else if (capacity > 0 && (overflow === 'drop-oldest' || overflow === 'latest')) {
      const oldest = buffer.shift()
      if (oldest) seen.drops.push(oldest.data)
      buffer.push({ topic, data })
    } else {
      seen.drops.push(data)
      if (overflow === 'error') {
        model.state = 'failed'
        end('closed')
      }
    }
  }
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'push' && model.state === 'open' && !sessionClosed) push(step.topic, index)
    if (step.kind === 'pull') {
      const at = seen.pulls.push(undefined) - 1
      const item = buffer.shift()
      if (item) seen.pulls[at] = item.data
      else if (model.state === 'open') waiting.push(at)
      else {
        seen.pulls[at] = model.state === 'failed' ? 'overflow' : 'done'
        model.state = 'ended'
      }
    }
    if (step.kind === 'return') {
      buffer = []
      end('returned')
      model.state = 'ended'
    }
    if (step.kind === 'abort') {
      if (model.state === 'open') buffer = []
      end('aborted')
    }
    if (step.kind === 'close') {
      sessionClosed = true
      end('closed')
    }
    seen.sizes.push(buffer.length)
  }
  return seen
}

describe('a stream under random pushes, pulls and ends', () => {
  it.each([0, 1, 2, 5])('does what its policy says with capacity %i', async capacity => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), overflow, async (steps, policy) => {
        expect(await onStream(steps, capacity, policy)).toEqual(onModel(steps, capacity, policy))
      }),
      { numRuns: 300 },
    )
  })

  it('never keeps more than its capacity, however long it runs', async () => {
    const session = createHub().openSession()
    const stream = session.stream('a', { capacity: 40, overflow: 'drop-oldest' })
    for (let data = 0; data < 5000; data++) {
      session.publish('a', data)
      if (data % 3 === 0) expect((await stream.next()).value?.data).toBeGreaterThanOrEqual(data - 40)
      expect(stream.size).toBeLessThanOrEqual(40)
    }
  })
})
