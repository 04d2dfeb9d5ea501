import { describe, expect, it } from 'vitest'
import type { Voice } from '../chaos/page.ts'
import { reload, stage } from './stage.ts'

function watched({ room }: Voice): string[] {
  const seen: string[] = []
  room.subscribe(({ type, member: { data } }) => seen.push(`${type} ${data}`))
  return seen
}

describe('a member', () => {
  it('does not leave when its page is loaded anew, and what the next page says is not old', async () => {
    const on = stage()
    const [watcher, voice] = [on.page('ada'), on.page('bob')]
    const seen = watched(watcher)
    voice.room.enter(1)
    await on.network.advance(100)
    voice.room.update(2)
    await on.network.advance(100)
    const next = await reload(on, voice)
    next.room.enter(3)
    await on.network.advance(10_000)
    expect(seen).toEqual(['enter 1', 'update 2', 'update 3'])
  })

  it('does not linger when its page says good-bye for good', async () => {
    const on = stage()
    const [watcher, voice] = [on.page('ada'), on.page('bob')]
    const seen = watched(watcher)
    voice.room.enter(1)
    await on.network.advance(100)
    void voice.page.hub.close()
    await on.network.advance(50)
    expect(seen).toEqual(['enter 1', 'leave 1'])
  })

  it('is not kept out because it has left before', async () => {
    const on = stage()
    const [watcher, voice] = [on.page('ada'), on.page('bob')]
    const seen = watched(watcher)
    for (const data of [1, 2]) {
      voice.room.enter(data)
      await on.network.advance(100)
      voice.room.leave()
      await on.network.advance(100)
    }
    expect(seen).toEqual(['enter 1', 'leave 1', 'enter 2', 'leave 2'])
  })

  it('does not leave when its connection is cut for a moment', async () => {
    const on = stage()
    const [watcher, voice] = [on.page('ada'), on.page('bob')]
    const seen = watched(watcher)
    voice.room.enter(1)
    await on.network.advance(100)
    voice.page.device.cut()
    await on.network.advance(10_000)
    expect(seen).toEqual(['enter 1'])
  })

  it.each(['kept', 'lost'] as const)('does not leave when the relay begins anew and does not know who is there: its log is %s', async log => {
    const on = stage()
    const [watcher, voice] = [on.page('ada'), on.page('bob')]
    const seen = watched(watcher)
    voice.room.enter(1)
    await on.network.advance(100)
    // The watcher is back first, and is told of nobody.
    voice.page.device.hold()
    on.network.relay.restart({ how: 'kill', log })
    await on.network.advance(2000)
    voice.page.device.release()
    await on.network.advance(10_000)
    expect(seen.filter(each => each.startsWith('leave'))).toEqual([])
    expect(watcher.room.members.map(({ data }) => data)).toEqual([1])
  })

  it('is not a ghost for ever where the clock of a relay that begins anew is behind the one before', async () => {
    const on = stage({ latency: 0 })
    const [watcher, voice] = [on.page('ada'), on.page('bob')]
    await on.network.advance(100)
    // Changes within one millisecond are counted ahead of the clock.
    voice.room.enter(1)
    voice.room.enter(2)
    await on.network.settle()
    on.network.relay.restart({ how: 'kill', log: 'kept' })
    await on.network.settle()
    voice.room.enter('anew')
    await on.network.settle()
    expect(watcher.room.members.map(({ data }) => data)).toEqual(['anew'])
    voice.room.leave()
    await on.network.advance(10_000)
    expect(watcher.room.members).toEqual([])
  })
})
