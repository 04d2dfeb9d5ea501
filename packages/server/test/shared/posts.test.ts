import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { posts } from '../../../transport/src/shared/posts.ts'
import { startComputer } from './browser.ts'

const [, text = ''] = readFileSync(new URL('../../../../docs/PROTOCOL.md', import.meta.url), 'utf8').split(/^# The shared socket, version /m)
const sections = text.split(/^### /m).slice(1)

/** JSON in blocks with this mark. */
function blocks(of: string, mark: string): unknown[] {
  return [...of.matchAll(/^```json (.*)\n([^]*?)^```$/gm)].filter(([, found]) => found === mark).map(([, , json = '']) => JSON.parse(json) as unknown)
}

describe('the posts of docs/PROTOCOL.md', () => {
  it.each(sections.filter(section => !section.startsWith('No ')).map(section => [section.slice(0, section.indexOf('\n')), section] as const))('are read as what they are: %s', (t, section) => {
    const examples = blocks(section, 'post')
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) {
      expect(posts.read(example)).toEqual(example)
      expect(example).toMatchObject({ t })
    }
  })

  it('are refused where they make no sense', () => {
    const refused = blocks(text, 'no post')
    expect(refused.length).toBe(3)
    for (const example of refused) expect(posts.read(example)).toBeUndefined()
  })
})

describe('what tabs post that share a socket', () => {
  it('is every kind that is documented, on the channel that it belongs to', async () => {
    const computer = startComputer({ relay: { authenticate: (_, token) => ({ userId: token === 'nobody' ? null : (token ?? null) }) } })
    const posted = new Set<string>()
    computer.browser.onPost(({ name, data }) => {
      const post = posts.read(data)
      expect(post).toEqual(data)
      const [, all = '', ...nodes] = /^(earshot:\[1,"ws:\/\/relay\.test\/earshot","","ada"\]:1)(?::(\w+))?(?::(\w+))?$/.exec(name) ?? []
      expect(all).not.toBe('')
      const [leader, follower] = nodes
      // What is for one tab goes where only that one hears it.
      if (post?.t === 'up') expect(post.f).toBe(follower)
      else if (post?.t === 'down') expect([post.f, typeof follower]).toEqual([leader, 'string'])
      else if (post?.t === 'hi') expect(post.leader).toBe(leader ?? '')
      else if (post?.t === 'resign' || post?.t === 'heir' || post?.t === 'over') expect(leader).toBeUndefined()
      posted.add(post?.t ?? 'none')
    })
    const [first, second, third] = await computer.openAll(3)
    if (!first || !second || !third) throw new Error('three tabs were opened')
    second.session.publish('a', 1)
    await computer.advance(100)
    expect(third.heard).toEqual([1])
    // Hidden, it hands over to one that is not; hung, it is asked whether it lives.
    first.tab.hide()
    await computer.advance(11_000)
    expect(first.hub.status.via).toBe('follower')
    const leader = computer.leader()
    leader.tab.freeze({ silent: true, deep: true })
    for (const { hub } of computer.followers()) hub.publish('b', 2)
    await computer.advance(4000)
    leader.tab.resume()
    await computer.advance(100)
    second.tab.close()
    await computer.advance(1000)
    computer.network.relay.disconnectUser('ada')
    await computer.advance(1000)
    expect([...posted].sort()).toEqual(sections.map(section => section.slice(0, section.indexOf('\n'))).filter(heading => heading !== 'No posts').sort())
  })

  it('is nothing where there is nobody to talk to', async () => {
    const computer = startComputer({ browser: { locks: false } })
    await computer.openAll(2)
    expect(computer.browser.posts).toBe(0)
    expect(computer.network.relay.readings.connections).toBe(2)
    expect(computer.apps[0]?.hub.capabilities['shared']).toContain('https')
  })
})
