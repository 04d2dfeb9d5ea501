import { describe, expect, it } from 'vitest'
import { type Computer, startComputer } from './browser.ts'
import { Traffic } from './traffic.ts'

/** The names of the channels that the tabs of a computer have: that of all, that of the leader, and those of two each. */
async function openTabs(computer: Computer): Promise<[string, ...string[]]> {
  const found = new Set<string>()
  const stop = computer.browser.onPost(({ name }) => found.add(name))
  await computer.openAll(4)
  stop()
  const [all, ...others] = [...found].sort((one, other) => one.length - other.length)
  expect(others).toHaveLength(4)
  return [all ?? '', ...others]
}

/** Posts on a channel from a page that has no hub. */
function postTo({ browser }: Computer, name: string, data: readonly unknown[]): void {
  const { BroadcastChannel } = browser.openTab().env
  if (!BroadcastChannel) throw new Error('no channels')
  const channel = new BroadcastChannel(name)
  for (const each of data) channel.postMessage(each)
  channel.close()
}

const JUNK: [string, unknown][] = [
  ['nothing', null],
  ['a text', 'hello'],
  ['a list', [1, 2, 3]],
  ['a post without its fields', { t: 'lead' }],
  ['a kind that nobody knows', { t: 'greet', f: 'x' }],
  ['the name of a method', { t: 'constructor', f: 'x' }],
  ['frames that are none', { t: 'up', f: 'x', life: 'y', join: 1, n: 0, lines: [[1, 2]] }],
  ['a negative join', { t: 'up', f: 'x', life: 'y', join: -1, n: 0, lines: [] }],
  ['a kind of another version', { t: 'hi', f: 'x', lead: 7 }],
]

describe('tabs that share a socket', () => {
  it.each(JUNK)('report %s on their channel once each, and go on', async (_, junk) => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    const [all, door] = await openTabs(computer)
    await traffic.run(100)
    const reports = (): unknown[] => computer.apps.map(({ errors }) => errors.splice(0).map(error => error.split(':')[0]))
    postTo(computer, all, [junk])
    await traffic.run(100)
    expect(reports()).toEqual(Array.from({ length: 4 }, () => ['protocol-violation']))
    postTo(computer, door ?? '', [junk])
    await traffic.run(100)
    expect(reports()).toEqual([['protocol-violation'], [], [], []])
    await traffic.check()
  })

  it('are harmed in nothing by well-formed posts of nobody', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    const names = await openTabs(computer)
    await traffic.run(100)
    const posts = [
      { t: 'hi', f: 'nobody', leader: '', visible: true },
      { t: 'up', f: 'nobody', life: '', join: 0, n: 0, read: 0, lines: [] },
      { t: 'up', f: 'nobody', life: 'nothing', join: 1, n: 0, read: 0, lines: [['{"t":"attach","s":0}', false]] },
      { t: 'down', f: 'nobody', life: 'nothing', join: 1, n: 0, items: [[[0], '{"t":"message"}']] },
      { t: 'heir', f: 'nobody', to: 'nobody' },
      { t: 'resign', f: 'nobody', tabs: ['nobody'] },
      { t: 'bye', f: 'nobody' },
    ]
    for (const name of names) postTo(computer, name, posts)
    await traffic.run(300)
    await traffic.check()
    expect(computer.leader()).toBe(computer.apps[0])
  })

  it('follow nobody for long who only says that it leads', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    const [all] = await openTabs(computer)
    postTo(computer, all, [{ t: 'lead', f: 'nobody', life: '', state: 'connecting' }])
    await traffic.run(6000, 50)
    await traffic.check()
    expect(computer.followers()).toHaveLength(3)
  })

  it('are each a tab of its own when one is duplicated', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    const [leader, follower] = await computer.openAll(2)
    if (!leader || !follower) throw new Error('no tabs')
    await traffic.run(100)
    const twins = [computer.open({ tab: leader.tab.duplicate() }), computer.open({ tab: follower.tab.duplicate() })]
    await traffic.run(500)
    expect(new Set([leader, follower, ...twins].map(({ session }) => session.id)).size).toBe(4)
    expect(computer.followers()).toHaveLength(3)
    computer.crash(leader)
    await traffic.run(300)
    await traffic.check()
  })
})
