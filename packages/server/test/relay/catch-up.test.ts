import { testClock } from '@earshot/core/testing'
import type { RelayFrame } from '@earshot/core/protocol'
import { describe, expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { memoryEngine, type MemoryEngineOptions } from '../../src/engine/memory-engine.ts'
import type { Attachment } from '../../src/relay/attachment.ts'
import { catchUp, type CatchUpDesk } from '../../src/relay/catch-up.ts'
import { FanOut } from '../../src/relay/fan-out.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/relay/limits.ts'
import { attach, openPeer, recordOf, type TestPeer } from './support.ts'

interface Scene {
  readonly peer: TestPeer
  readonly attachment: Attachment
  readonly engine: Engine
  readonly desk: CatchUpDesk
  readonly fanOut: FanOut
  /** Puts messages into the log, one on each topic. */
  append(...topics: string[]): void
  /** What was told, briefly. */
  told(): unknown[]
}

/** A session that is behind, and a log. */
function scene(patterns: readonly string[], { limits = {}, log = {} }: { limits?: Partial<Limits>; log?: MemoryEngineOptions } = {}): Scene {
  const clock = testClock()
  const engine = memoryEngine({ ...log, now: () => clock.now() })
  const peer = openPeer(clock)
  const attachment = attach(peer, 0, recordOf('a'))
  attachment.state = 'behind'
  const desk: CatchUpDesk = { engine, limits: { ...DEFAULT_LIMITS, ...limits }, counts: { recovered: 0, gaps: 0 }, rest: () => Promise.resolve() }
  const fanOut = new FanOut(desk.limits)
  engine.connect(entry => fanOut.appended(entry), entry => fanOut.passed(entry))
  for (const pattern of patterns) attachment.grant(pattern, { patterns: [pattern], start: 0 })
  fanOut.add(attachment, patterns)
  let clocks = 0
  return {
    peer,
    attachment,
    engine,
    desk,
    fanOut,
    append: (...topics) => {
      for (const topic of topics) void engine.append({ topic, from: '', tag: 't', clock: ++clocks, time: 0, userId: null, data: null })
    },
    told: () => peer.frames().map(brief),
  }
}

function brief(frame: RelayFrame): unknown {
  if (frame.t === 'page') return ['page', frame.m.map(message => message[6]), frame.offset]
  if (frame.t === 'position') return ['position', frame.offset]
  if (frame.t === 'gap') return ['gap', ...frame.topics]
  if (frame.t === 'message') return ['message', frame.m[6]]
  return frame
}

describe('catching up', () => {
  it('goes by pages to the head, and then the session is live', async () => {
    const { attachment, desk, append, told } = scene(['a/*'], { limits: { page: 2 } })
    append('a/1', 'b', 'a/2', 'a/3', 'b', 'a/4', 'a/5', 'b')
    await catchUp(attachment, desk)
    expect(told()).toEqual([['page', [1, 3], 3], ['page', [4, 6], 6], ['page', [7], 8]])
    expect([attachment.state, attachment.sent, desk.counts]).toEqual(['live', 8, { recovered: 5, gaps: 0 }])
    append('a/6', 'b')
    expect(told()).toEqual([['message', 9]])
  })

  it('says where it is when there is nothing to hear', async () => {
    const { attachment, desk, append, told } = scene(['a'])
    append('b', 'b')
    await catchUp(attachment, desk)
    expect(told()).toEqual([['position', 2]])
    expect(attachment.state).toBe('live')
  })

  it('stops for want of room, and goes on from there', async () => {
    const { attachment, desk, append, told } = scene(['a'], { limits: { page: 2, unread: 3 } })
    append('a', 'a', 'a', 'a', 'a', 'a')
    await catchUp(attachment, desk)
    expect(told()).toEqual([['page', [1, 2], 2], ['page', [3, 4], 4]])
    expect(attachment.state).toBe('behind')
    append('a')
    await catchUp(attachment, desk)
    expect(told()).toEqual([])
    attachment.read(4)
    await catchUp(attachment, desk)
    expect(told()).toEqual([['page', [5, 6], 6], ['page', [7], 7]])
    expect(attachment.state).toBe('live')
  })

  it.each(['live', 'paging', 'restoring'] as const)('is not begun for a session that is %s', async state => {
    const { attachment, desk, append, told } = scene(['a'])
    append('a')
    attachment.state = state
    await catchUp(attachment, desk)
    expect(told()).toEqual([])
    expect(attachment.state).toBe(state)
  })

  it('meets the head although it moves on while pages are under way', async () => {
    const { attachment, desk, engine, append, peer } = scene(['a'])
    append('a')
    let moves = 3
    const slow = withPages(engine, async request => {
      const page = await engine.page(request)
      if (moves-- > 0) append('a', 'b')
      return page
    })
    await catchUp(attachment, { ...desk, engine: slow })
    append('a')
    const offsets = peer.frames().flatMap(frame => (frame.t === 'page' ? frame.m.map(message => message[6]) : frame.t === 'message' ? [frame.m[6]] : []))
    expect(offsets).toEqual([1, 2, 4, 6, 8])
    expect(attachment.state).toBe('live')
  })

  it('leaves a session behind when the log fails', async () => {
    const { attachment, desk, engine } = scene(['a'])
    const failing = withPages(engine, () => Promise.reject(new RangeError('no disk')))
    await expect(catchUp(attachment, { ...desk, engine: failing })).rejects.toThrow('no disk')
    expect(attachment.state).toBe('behind')
  })

  it('says nothing more once the session is bound elsewhere', async () => {
    const { attachment, desk, engine, append, told } = scene(['a'])
    append('a')
    const late = withPages(engine, async request => {
      attachment.ended = true
      return engine.page(request)
    })
    await catchUp(attachment, { ...desk, engine: late })
    expect(told()).toEqual([])
  })
})

describe('a gap', () => {
  it('is told before what is still kept, by topic', async () => {
    const { attachment, desk, append, told } = scene(['a/*', 'b'], { log: { messages: 1 } })
    append('a/1', 'a/2', 'a/1', 'b', 'a/1')
    await catchUp(attachment, desk)
    expect(told()).toEqual([['gap', 'a/1'], ['page', [2, 4, 5], 5]])
    expect(desk.counts.gaps).toBe(1)
  })

  it('is told once by topic, and again when more is lost', async () => {
    const { attachment, desk, append, told } = scene(['a'], { log: { messages: 2 }, limits: { unread: 1, page: 1 } })
    append('a', 'a', 'a')
    await catchUp(attachment, desk)
    expect(told()).toEqual([['gap', 'a'], ['page', [2], 2]])
    // While the page is read, what comes next is evicted.
    append('a', 'a')
    attachment.read(2)
    await catchUp(attachment, desk)
    expect(told()).toEqual([['gap', 'a'], ['page', [4], 4]])
    attachment.read(4)
    await catchUp(attachment, desk)
    expect(told()).toEqual([['page', [5], 5]])
  })

  it('is told once although several pages come before the place where something is missing', async () => {
    const { attachment, desk, append, told } = scene(['a', 'b'], { log: { messages: 2 }, limits: { page: 1 } })
    append('a', 'a', 'b', 'b', 'b')
    await catchUp(attachment, desk)
    expect(told()).toEqual([['gap', 'b'], ['page', [1], 1], ['page', [2], 2], ['page', [4], 4], ['page', [5], 5]])
  })

  it('is told when something goes while its page is under way', async () => {
    const { attachment, desk, engine, append, told } = scene(['a'], { log: { messages: 2 } })
    append('a', 'a')
    // The page is read late: by then another message has taken the place of the first.
    let late = true
    const slow = withPages(engine, async request => {
      await Promise.resolve()
      if (late) append('a')
      late = false
      return engine.page(request)
    })
    await catchUp(attachment, { ...desk, engine: slow })
    expect(told()).toEqual([['gap', 'a'], ['page', [2, 3], 3]])
  })

  it('begins with a subscription: what was lost before concerns nobody', async () => {
    const { attachment, desk, append, told } = scene([], { log: { messages: 1 } })
    append('a', 'a', 'a')
    attachment.grant('a', { patterns: ['a'], start: 3 })
    append('b')
    await catchUp(attachment, desk)
    expect(told()).toEqual([['position', 4]])
  })

  it('names what may be read, not what was asked for', async () => {
    const { attachment, desk, append, told } = scene([], { log: { messages: 1 } })
    attachment.grant('**', { patterns: ['a/*'], start: 0 })
    append('a/1', 'secret', 'a/1', 'secret')
    await catchUp(attachment, desk)
    expect(told()).toEqual([['gap', 'a/1'], ['page', [3], 4]])
  })

  it('is looked for once a page, for all patterns together, each from where it began', async () => {
    const { attachment, desk, engine, append, told } = scene(Array.from({ length: 100 }, (_, index) => `t/${index}/*`), { log: { messages: 1 }, limits: { page: 1 } })
    attachment.grant('late/*', { patterns: ['late/*', 't/7/*'], start: 4 })
    append('t/7/a', 't/7/a', 'late/a', 'late/a', 't/8/a')
    const asked: number[] = []
    const counting: Engine = { ...withPages(engine, request => engine.page(request)), head: engine.head, lost: request => (asked.push(request.since.size), engine.lost(request)) }
    await catchUp(attachment, { ...desk, engine: counting })
    expect(told()).toEqual([['gap', 't/7/a'], ['page', [2], 2], ['page', [5], 5]])
    expect(asked).toEqual([101, 101])
  })

  it('names the pattern instead of very many topics', async () => {
    const { attachment, desk, append, told } = scene(['t/*'], { log: { messages: 1 } })
    for (let index = 0; index <= 100; index++) append(`t/${index}`, `t/${index}`)
    await catchUp(attachment, desk)
    expect(told()[0]).toEqual(['gap', 't/*'])
  })
})

/** The engine with pages that come otherwise. */
function withPages(engine: Engine, page: Engine['page']): Engine {
  return {
    epoch: engine.epoch,
    get head() {
      return engine.head
    },
    connect: (...told) => engine.connect(...told),
    append: publication => engine.append(publication),
    pass: publication => engine.pass(publication),
    page,
    past: request => engine.past(request),
    lost: request => engine.lost(request),
    close: () => engine.close(),
  }
}
