import { act } from '@testing-library/react'
import type { ReactElement } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { useConnection, useTopic } from '../src/index.ts'
import { recordingTransport } from './support/recording-transport.ts'
import { stage } from './support/stage.tsx'

function Status({ seen }: { seen: unknown[] }): ReactElement {
  const status = useConnection()
  seen.push(status)
  return <p>{status.state}</p>
}

function Topic(): ReactElement {
  return <p>{useTopic('chat').status.state}</p>
}

describe('useConnection', () => {
  it('gives hub.status itself, and follows it', () => {
    const transport = recordingTransport()
    const { hub, show } = stage({ transport })
    const seen: unknown[] = []
    const { container } = show([<Status key="1" seen={seen} />, <Topic key="2" />])
    expect(container.textContent).toBe('initialisedinitialised')
    const status = { state: 'disconnected', retryAt: 5 } as const
    act(() => transport.link.status(status))
    expect(container.textContent).toBe('disconnecteddisconnected')
    expect(seen.at(-1)).toBe(status)
    expect(hub.status).toBe(status)
  })

  it('sees the hub close', async () => {
    const { hub, show } = stage()
    const { container } = show(<Status seen={[]} />)
    await act(() => hub.close())
    expect(container.textContent).toBe('closed')
  })

  it('lets go of the hub when unmounted', () => {
    const { hub, show } = stage()
    let listening = 0
    vi.spyOn(hub, 'on').mockImplementation(() => {
      listening++
      return () => void listening--
    })
    const { change } = show(<Status seen={[]} />)
    expect(listening).toBe(1)
    change(null)
    expect(listening).toBe(0)
  })
})
