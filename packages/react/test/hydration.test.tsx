import { createHub } from '@earshot/core'
import { act } from '@testing-library/react'
import { type ReactElement, StrictMode } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { expect, it, vi } from 'vitest'
import { type AppHub, EarshotProvider, useConnection, usePresence, useTopic } from '../src/index.ts'
import { testFrames } from './support/frames.ts'

function Page(): ReactElement {
  const { messages } = useTopic('chat')
  const { members } = usePresence('room', 'Ada')
  return (
    <p>
      {useConnection().state} {messages.length} {members.length}
    </p>
  )
}

it('hydrates what the server sent without a mismatch, then shows what is true here', async () => {
  const complain = vi.spyOn(console, 'error')
  const frames = testFrames()
  const page = (hub: AppHub): ReactElement => (
    <StrictMode>
      <EarshotProvider hub={hub}>
        <Page />
      </EarshotProvider>
    </StrictMode>
  )
  const container = document.createElement('div')
  container.innerHTML = renderToString(page(createHub()))
  expect(container.textContent).toBe('initialised 0 0')
  const hub: AppHub = createHub()
  hub.openSession().presence('room').enter('Bob')
  const recover = vi.fn<() => void>()
  const root = await act(async () => hydrateRoot(container, page(hub), { onRecoverableError: recover }))
  hub.publish('chat', 'hi')
  await frames.next()
  expect(container.textContent).toBe('initialised 1 2')
  expect(complain).not.toHaveBeenCalled()
  expect(recover).not.toHaveBeenCalled()
  act(() => root.unmount())
})
