import { createHub } from '@earshot/core'
import { act } from '@testing-library/react'
import { type ReactElement, StrictMode } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { expect, it, vi } from 'vitest'
import * as library from '../src/index.ts'
import type { AppHub } from '../src/index.ts'
import { testFrames } from './support/frames.ts'

type Library = typeof library

function pageOf(
  { EarshotProvider, useConnection, useLeader, useMembers, usePresence, usePresenceCount, useSharedState, useTopic }: Library,
  hub: AppHub,
): ReactElement {
  function Page(): ReactElement {
    const { messages } = useTopic('chat')
    const { members } = usePresence('room', 'Ada')
    const [theme, , loaded] = useSharedState('theme', 'light')
    return (
      <p>
        {useConnection().state} {messages.length} {members.length} {useMembers('room').length} {usePresenceCount('room')}{' '}
        {String(theme)} {loaded} {String(useLeader())}
      </p>
    )
  }
  return (
    <StrictMode>
      <EarshotProvider hub={hub}>
        <Page />
      </EarshotProvider>
    </StrictMode>
  )
}

/** The library as a server has it, where there is no document. */
async function loadedOnServer(): Promise<Library> {
  vi.stubGlobal('document', undefined)
  vi.resetModules()
  const library = await import('../src/index.ts')
  vi.unstubAllGlobals()
  return library
}

it('hydrates what the server sent without a mismatch, then shows what is true here', async () => {
  const complain = vi.spyOn(console, 'error')
  const container = document.createElement('div')
  container.innerHTML = renderToString(pageOf(await loadedOnServer(), createHub()))
  expect(container.textContent).toBe('initialised 0 0 0 0 light loading false')
  const frames = testFrames()
  const hub: AppHub = createHub()
  hub.openSession().presence('room').enter('Bob')
  const recover = vi.fn<() => void>()
  const root = await act(async () => hydrateRoot(container, pageOf(library, hub), { onRecoverableError: recover }))
  hub.publish('chat', 'hi')
  await frames.next()
  expect(container.textContent).toBe('initialised 1 2 2 2 light ready true')
  expect(complain).not.toHaveBeenCalled()
  expect(recover).not.toHaveBeenCalled()
  act(() => root.unmount())
})
