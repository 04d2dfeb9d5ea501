import { EarshotError } from '@earshot/core'
import { act, renderHook } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { usePublish, useSession } from '../src/index.ts'
import { recordingTransport } from './support/recording-transport.ts'
import { stage } from './support/stage.tsx'

const closed: unknown = expect.objectContaining({ code: 'session-closed' })

describe('usePublish', () => {
  it('gives one function, which publishes as the session and returns nothing', () => {
    const { hub, wrapper } = stage()
    const heard: [unknown, string][] = []
    hub.subscribe('chat', message => heard.push([message.data, message.from]))
    const { result, rerender } = renderHook(() => ({ publish: usePublish('chat'), session: useSession() }), { wrapper })
    const { publish, session } = result.current
    rerender()
    expect(result.current.publish).toBe(publish)
    expect(publish('hi')).toBeUndefined()
    publish('to nobody', { to: 'ada' })
    expect(heard).toEqual([['hi', session.id]])
  })

  it('throws what is refused at once', () => {
    const { wrapper, errors } = stage()
    const { result } = renderHook(() => usePublish('chat'), { wrapper })
    expect(() => result.current(undefined)).toThrow(expect.objectContaining({ code: 'invalid-data' }))
    expect(() => result.current(null)).not.toThrow()
    expect(errors).toEqual([])
  })

  it('hands what fails later to the error event', async () => {
    const refusal = new EarshotError('forbidden', 'Not you')
    const { wrapper, errors } = stage({ transport: recordingTransport({ publish: () => Promise.reject(refusal) }) })
    const { result } = renderHook(() => usePublish('chat'), { wrapper })
    expect(() => result.current('hi')).not.toThrow()
    await act(async () => {})
    expect(errors).toEqual([refusal])
  })

  it('throws session-closed once its provider has gone', async () => {
    const { hub, wrapper, pass } = stage()
    const { result, unmount } = renderHook(() => usePublish('chat'), { wrapper })
    result.current('hi')
    unmount()
    await pass(5000)
    expect(() => result.current('late')).toThrow(closed)
    expect(hub.stats().sessions).toBe(0)
  })

  it('throws session-closed when its provider has gone before anything was published', async () => {
    const { hub, wrapper, pass } = stage()
    const { result, unmount } = renderHook(() => usePublish('chat'), { wrapper })
    unmount()
    await pass(300)
    expect(() => result.current('late')).toThrow(closed)
    expect(hub.stats().sessions).toBe(0)
  })
})
