import { createHub } from '@earshot/core'
import { broadcastChannel } from '@earshot/transport'
import { act, fireEvent } from '@testing-library/react'
import { type ReactElement, useEffect } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { type SetShared, type SharedStateView, useSharedState } from '../src/index.ts'
import { type AppTab, createTestApp, type TestApp } from '../src/testing/index.ts'
import { recordingTransport } from './support/recording-transport.ts'
import { stage } from './support/stage.tsx'

interface ThemeProps {
  initial?: unknown
  topic?: string
  see?: (view: SharedStateView<unknown>) => unknown
}

/** Shows a theme, and hands out each view of it. */
function Theme({ initial = 'light', topic = 'theme', see }: ThemeProps): ReactElement {
  const view = useSharedState(topic, initial)
  useEffect(() => void see?.(view))
  return (
    <p>
      {String(view[0])} {view[2]}
    </p>
  )
}

function setter(): { see: (view: SharedStateView<unknown>) => void; set: SetShared<unknown>; seen: Set<unknown> } {
  const seen = new Set<unknown>()
  let last: SetShared<unknown> = () => {}
  return {
    see(view) {
      last = view[1]
      seen.add(view[1])
    },
    set: (value: unknown) => act(() => last(value)),
    seen,
  }
}

describe('useSharedState', () => {
  it('shows the initial value while loading, then what is known', async () => {
    const { show, pass, frames } = stage()
    const { container } = show(<Theme />)
    expect(container.textContent).toBe('light loading')
    await pass(0)
    await frames.next()
    expect(container.textContent).toBe('light ready')
  })

  it('renders once until there is something to know', () => {
    const { show } = stage()
    const views = new Set<unknown>()
    show(<Theme see={view => views.add(view)} />)
    expect(views.size).toBe(1)
  })

  it('shows own writes at once, in all components, by one function', async () => {
    const { show } = stage()
    const { see, set, seen } = setter()
    const { container } = show([<Theme key="1" see={see} />, <Theme key="2" />])
    set('dark')
    expect(container.textContent).toBe('dark loadingdark loading')
    set((old: unknown) => `${old}er`)
    set((old: unknown) => `${old}!`)
    expect(container.textContent).toBe('darker! loadingdarker! loading')
    expect(seen.size).toBe(1)
  })

  it('gives the first update function the initial value', async () => {
    const { show } = stage()
    const { see, set } = setter()
    const { container } = show(<Theme initial={1} see={see} />)
    set((old: unknown) => Number(old) + 1)
    expect(container.textContent).toBe('2 loading')
  })

  it('takes the first initial value, as useState does, and writes it nowhere', async () => {
    const { hub, show } = stage()
    const heard = vi.fn<() => void>()
    hub.subscribe('theme', heard)
    const seen = new Set<unknown>()
    const see = ([value]: SharedStateView<unknown>): unknown => seen.add(value)
    const { change } = show(<Theme initial={{}} see={see} />)
    change(<Theme initial={{}} see={see} />)
    expect(seen.size).toBe(1)
    expect(heard).not.toHaveBeenCalled()
  })

  it.each([0, '', false, null])('holds %j', async value => {
    const { show } = stage()
    const { see, set } = setter()
    const { container } = show(<Theme see={see} />)
    set(value)
    expect(container.textContent).toBe(`${value} loading`)
  })

  it('shows what others write, once a frame', async () => {
    const { hub, show, pass, frames } = stage()
    const committed = vi.fn<(view: SharedStateView<unknown>) => void>()
    const { container } = show(<Theme see={committed} />)
    await pass(0)
    await frames.next()
    committed.mockClear()
    const other = hub.openSession().state('theme', 'light')
    for (let number = 0; number < 100; number++) other.set(number)
    expect(container.textContent).toBe('light ready')
    await frames.next()
    expect(container.textContent).toBe('99 ready')
    expect(committed).toHaveBeenCalledTimes(1)
  })

  it('follows a text field without losing its cursor', () => {
    const { show } = stage()
    function Field(): ReactElement {
      const [text, setText] = useSharedState('text', '')
      return <input value={String(text)} onChange={event => setText(event.target.value)} />
    }
    const { getByRole } = show(<Field />)
    const field = getByRole('textbox')
    fireEvent.change(field, { target: { value: 'hello' } })
    expect(field).toHaveProperty('value', 'hello')
  })

  it('shows a component that is mounted later the value in its first render', async () => {
    const { show, pass, frames } = stage()
    const { see, set } = setter()
    const { change, container } = show([<Theme key="1" see={see} />])
    set('dark')
    await pass(0)
    await frames.next()
    const first: unknown[] = []
    function Late(): ReactElement {
      const [value, , status] = useSharedState('theme', 'light')
      first.push([value, status])
      return <p>{String(value)}</p>
    }
    change([<Theme key="1" />, <Late key="2" />])
    expect(first[0]).toEqual(['dark', 'ready'])
    expect(container.textContent).toBe('dark readydark')
  })

  it('is one state for all components, which ends 300 ms after the last', async () => {
    const transport = recordingTransport()
    const { show, pass, clock, frames, hub } = stage({ transport })
    const { change } = show([<Theme key="1" />, <Theme key="2" />])
    await pass(0)
    change([<Theme key="1" />])
    await pass(1000)
    change(null)
    await pass(299)
    expect(transport.told).toEqual(['open s1', 'listen s1 theme'])
    await pass(1)
    expect(transport.told.slice(2)).toEqual(['unlisten s1 theme'])
    await frames.next()
    expect(clock.pending).toBe(0)
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('keeps the value without a transport while the page lives, though no component shows it', async () => {
    const { show, pass, frames } = stage()
    const { see, set } = setter()
    const { change, container } = show(<Theme see={see} />)
    set('dark')
    change(null)
    await pass(1000)
    change(<Theme />)
    expect(container.textContent).toBe('dark loading')
    await pass(0)
    await frames.next()
    expect(container.textContent).toBe('dark ready')
  })

  it('writes for a component that has gone, and lets go of the state again', async () => {
    const { hub, show, pass, clock } = stage()
    const heard: unknown[] = []
    hub.subscribe('theme', message => heard.push(message.data))
    const { see, set } = setter()
    const { change } = show(<Theme see={see} />)
    change(null)
    await pass(1000)
    set('dark')
    expect(heard).toEqual(['dark'])
    await pass(300)
    expect(hub.count('theme')).toEqual({ theme: 1 })
    expect(clock.pending).toBe(0)
  })

  it('follows its topic, with the initial value of that time', async () => {
    const { show } = stage()
    const { see, set } = setter()
    const { change, container } = show(<Theme topic="a" initial="in a" see={see} />)
    set('said in a')
    change(<Theme topic="b" initial="in b" see={see} />)
    expect(container.textContent).toBe('in b loading')
    set('said in b')
    change(<Theme topic="a" initial="in a" see={see} />)
    expect(container.textContent).toBe('said in a loading')
  })

  it('throws what is refused, and session-closed once its provider has gone', async () => {
    const { show, pass } = stage()
    const { see, set } = setter()
    const { unmount } = show(<Theme see={see} />)
    expect(() => set(undefined)).toThrow(expect.objectContaining({ code: 'invalid-data' }))
    unmount()
    await pass(300)
    expect(() => set('late')).toThrow(expect.objectContaining({ code: 'session-closed' }))
  })
})

describe('useSharedState in several tabs', () => {
  interface SettingsPage {
    tab: AppTab
    set: SetShared<unknown>
    /** Each view that was committed. */
    seen: string[]
    mount: () => void
  }

  /** Tabs of one browser that show the theme. */
  function tabs(): TestApp & { open: () => SettingsPage } {
    const app = createTestApp({ hub: env => createHub({ ...env, transport: broadcastChannel(env) }) })
    return {
      ...app,
      open() {
        const { see, set } = setter()
        const seen: string[] = []
        const ui = (
          <Theme
            see={view => {
              see(view)
              seen.push(`${view[0]} ${view[2]}`)
            }}
          />
        )
        const tab = app.openTab({ ui })
        return { tab, set, seen, mount: () => tab.render(ui) }
      },
    }
  }

  const text = ({ tab }: SettingsPage): string | null => tab.container.textContent

  it('gives a tab that comes late the value of its sibling, and shows the initial one as ready never', async () => {
    await using app = tabs()
    const first = app.open()
    await app.advance(500)
    first.set('dark')
    await app.advance(500)
    const late = app.open()
    expect(text(late)).toBe('light loading')
    await app.advance(500)
    expect(text(late)).toBe('dark ready')
    expect(new Set(late.seen)).toEqual(new Set(['light loading', 'dark ready']))
  })

  it('keeps what was written before the sibling was known, on top of its value', async () => {
    await using app = tabs()
    const first = app.open()
    await app.advance(500)
    first.set('dark')
    first.set((old: unknown) => `${old}er`)
    await app.advance(500)
    const late = app.open()
    late.set((old: unknown) => `${old}!`)
    expect(text(late)).toBe('light! loading')
    await app.advance(500)
    expect(text(late)).toBe('darker! ready')
    expect(text(first)).toBe('darker! ready')
  })

  it('shows the same in all tabs after writes at once', async () => {
    await using app = tabs()
    const pages = [app.open(), app.open()]
    await app.advance(500)
    for (const [index, { set }] of pages.entries()) set(`of ${index}`)
    await app.advance(500)
    const [one, other] = pages.map(text)
    expect(one).toMatch(/^of \d ready$/)
    expect(other).toBe(one)
  })

  it('keeps the value while its only tab lives, though no component shows it', async () => {
    await using app = tabs()
    const page = app.open()
    await app.advance(500)
    page.set('dark')
    await app.advance(500)
    page.tab.render(null)
    await app.advance(1000)
    page.mount()
    await app.advance(500)
    expect(text(page)).toBe('dark ready')
  })

  it('shows what siblings wrote while no component did, and what is older as ready never', async () => {
    await using app = tabs()
    const [one, other] = [app.open(), app.open()]
    await app.advance(500)
    one.set('dark')
    await app.advance(500)
    one.tab.render(null)
    await app.advance(1000)
    other.set('darker')
    await app.advance(500)
    one.seen.length = 0
    one.mount()
    await app.advance(500)
    expect(text(one)).toBe('darker ready')
    expect(one.seen.filter(view => view.endsWith('ready'))).toEqual(['darker ready'])
  })
})
