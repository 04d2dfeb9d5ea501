import { act } from '@testing-library/react'
import { type ReactElement, useEffect, useState } from 'react'
import { expect, it } from 'vitest'
import { useLeader, useMember, useMembers, usePresence, usePublish, useSession, useSharedState, useTopic } from '../src/index.ts'
import { stage } from './support/stage.tsx'

it('what hooks give is the same, whatever is rendered and whatever happens elsewhere, until it changes', async () => {
  const { hub, show, pass, frames } = stage()
  const seen: Record<string, Set<unknown>> = {}
  function All(): ReactElement {
    const [, again] = useState({})
    const session = useSession()
    const topic = useTopic('chat', { filter: () => true })
    const { selected } = useTopic('chat', { select: all => ({ texts: all.length, last: all.at(-1) }) })
    const presence = usePresence('room', { name: 'Ada' })
    const member = useMember('room', session.id, ({ data }) => ({ data }))
    const members = useMembers('room')
    const names = useMembers('room', all => all.map(({ id }) => id))
    const [theme, setTheme] = useSharedState('theme', { color: 'light' })
    const publish = usePublish('chat')
    useLeader()
    const { messages, last, publish: send, status } = topic
    const all = { session, messages, last, send, status, selected, ...presence, member, everyone: members, names, theme, setTheme, say: publish }
    useEffect(() => {
      for (const [name, value] of Object.entries(all)) (seen[name] ??= new Set()).add(value)
    })
    return <button onClick={() => again({})} />
  }
  const { getByRole } = show(<All />)
  hub.publish('chat', 'hi')
  await pass(0)
  await frames.next()
  for (const values of Object.values(seen)) values.clear()
  const elsewhere = hub.openSession().presence('elsewhere')
  for (let time = 0; time < 3; time++) {
    act(() => getByRole('button').click())
    hub.publish('other', time)
    elsewhere.enter(time)
    await frames.next()
  }
  const changed = Object.entries(seen).filter(([, values]) => values.size !== 1)
  expect(Object.keys(seen).length).toBeGreaterThan(16)
  expect(changed.map(([name]) => name)).toEqual([])
})
