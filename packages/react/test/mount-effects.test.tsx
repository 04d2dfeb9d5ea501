import { type ReactElement, useEffect } from 'react'
import { describe, expect, it } from 'vitest'
import { useMembers, usePresence, usePublish, useSession, useSharedState, useSubscription, useTopic } from '../src/index.ts'
import { stage } from './support/stage.tsx'

/** Does everything that can be heard while it is mounted: before its parents' effects run. */
function Child(): null {
  const publish = usePublish('chat')
  const session = useSession()
  const [, setTheme] = useSharedState('theme', 'light')
  useEffect(() => {
    publish('hi')
    session.presence('room').enter('Ada')
    setTheme('dark')
  }, [publish, session, setTheme])
  return null
}

describe.each([
  ['with', true],
  ['without', false],
])('what a child does in its mount effect, %s StrictMode,', (_, reactStrictMode) => {
  it('is heard by its parent and by all siblings', async () => {
    const { show, pass, frames } = stage()
    const heard: unknown[] = []
    function Hearing({ children }: { children?: ReactElement }): ReactElement {
      const { messages } = useTopic('chat')
      const [theme] = useSharedState('theme', 'light')
      const { members } = usePresence('room')
      const everyone = useMembers('room')
      useSubscription('chat', message => heard.push(message.data))
      const said = new Set(messages.map(({ data }) => data))
      return (
        <div>
          {[...said].join()} {theme as string} {[members, everyone].map(all => all.map(({ data }) => data).join()).join(' ')};{children}
        </div>
      )
    }
    const { container } = show([
      <Hearing key="1" />,
      <Hearing key="2">
        <Child />
      </Hearing>,
      <Hearing key="3" />,
    ], { reactStrictMode })
    await pass(0)
    await frames.next()
    expect(container.textContent).toBe('hi dark Ada Ada;'.repeat(3))
    const times = reactStrictMode ? 2 : 1
    expect(heard).toEqual(Array(3 * times).fill('hi'))
  })
})
