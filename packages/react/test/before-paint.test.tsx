import { type ReactElement, startTransition, StrictMode, useEffect, useLayoutEffect, useState } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { useMembers, useSharedState } from '../src/index.ts'
import { stage } from './support/stage.tsx'

function Theme({ topic }: { topic: string }): ReactElement {
  const [theme] = useSharedState(topic, 'light')
  return <p>{`${String(theme)} ${useMembers('room').length}`}</p>
}

describe.each([
  ['with', true],
  ['without', false],
])('what this tab knows is shown in the first frame of a transition, %s StrictMode,', (_, strict) => {
  it.each([
    ['when a component is mounted', ''],
    ['when its topic changes', 'other'],
  ])('%s', async (_when, before) => {
    const { hub, show, pass } = stage()
    const container = document.body
    const painted: string[] = []
    let go = (_topic: string): void => {}
    function App(): ReactElement {
      const [topic, setTopic] = useState(before)
      useEffect(() => {
        go = setTopic
      }, [])
      // A browser paints after microtasks, and before the passive effects of a transition.
      useLayoutEffect(() => queueMicrotask(() => painted.push(container.textContent)))
      return topic ? <Theme topic={topic} /> : <p />
    }
    const session = hub.openSession()
    session.state('theme', 'light').set('dark')
    session.presence('room').enter('Bob')
    show(strict ? <StrictMode><App /></StrictMode> : <App />, { reactStrictMode: false })
    await pass(1000)
    painted.length = 0
    // Without `act`, which runs all effects at once.
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false)
    startTransition(() => go('theme'))
    await expect.poll(() => container.textContent).toContain('dark')
    expect(new Set(painted)).toEqual(new Set(['dark 1']))
  })
})
