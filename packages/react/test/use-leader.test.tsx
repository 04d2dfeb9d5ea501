import { createHub } from '@earshot/core'
import { createTestBrowser, type LocksOption, type TestTab } from '@earshot/core/testing'
import { broadcastChannel } from '@earshot/transport'
import { act, render, type RenderResult } from '@testing-library/react'
import type { ReactElement } from 'react'
import { describe, expect, it } from 'vitest'
import { type AppHub, EarshotProvider, useClaim, useLeader } from '../src/index.ts'
import { testFrames } from './support/frames.ts'
import { Hideable } from './support/hideable.tsx'
import { recordingTransport } from './support/recording-transport.ts'
import { stage } from './support/stage.tsx'

function Lead(): ReactElement {
  return <p>{String(useLeader())}</p>
}

interface Page extends RenderResult {
  tab: TestTab
  hub: AppHub
  codes: string[]
  change: (children: ReactElement | null) => void
}

/** Tabs of one browser that show the same. */
function tabs(locks: LocksOption = true): { open: (children: ReactElement) => Page; pass: (ms: number) => Promise<void> } {
  const browser = createTestBrowser({ locks })
  const frames = testFrames()
  return {
    open(children) {
      const tab = browser.openTab()
      const { clock, random } = tab.env
      const codes: string[] = []
      const hub: AppHub = createHub({ clock, random, onError: error => codes.push(error.code), transport: broadcastChannel({ name: 'app', ...tab.env }) })
      const page = (inner: ReactElement | null): ReactElement => <EarshotProvider hub={hub}>{inner}</EarshotProvider>
      const shown = render(page(children))
      return { ...shown, tab, hub, codes, change: inner => shown.rerender(page(inner)) }
    },
    async pass(ms) {
      await act(() => browser.advance(ms))
      await frames.next()
    },
  }
}

const shows = ({ container }: Page): string | null => container.textContent

describe('useLeader', () => {
  it('is true in one tab, and in the next when that one has gone', async () => {
    const { open, pass } = tabs()
    const pages = [open(<Lead />), open(<Lead />), open(<Lead />)]
    expect(pages.map(shows)).toEqual(['false', 'false', 'false'])
    await pass(500)
    expect(pages.map(shows).sort()).toEqual(['false', 'false', 'true'])
    const leader = pages.find(page => shows(page) === 'true')
    leader?.tab.crash()
    await pass(500)
    const rest = pages.filter(page => page !== leader)
    expect(rest.map(shows).sort()).toEqual(['false', 'true'])
    rest.find(page => shows(page) === 'true')?.change(null)
    await pass(1000)
    expect(rest.map(shows).sort()).toEqual(['', 'true'])
  })

  it('keeps the lead through StrictMode, a remount and a short time hidden', async () => {
    const { open, pass } = tabs()
    const page = (mode: 'visible' | 'hidden', key: string): ReactElement => (
      <Hideable mode={mode}>
        <Lead key={key} />
      </Hideable>
    )
    const first = open(page('visible', '1'))
    await pass(500)
    const second = open(<Lead />)
    await pass(500)
    for (const next of [page('visible', '2'), page('hidden', '2'), page('visible', '2')]) {
      first.change(next)
      await pass(200)
      expect(shows(second)).toBe('false')
    }
    expect(shows(first)).toBe('true')
  })

  it('is one for all components of a tab', async () => {
    const { open, pass } = tabs()
    const page = open(
      <>
        <Lead />
        <Lead />
      </>,
    )
    await pass(500)
    expect(shows(page)).toBe('truetrue')
    page.change(<Lead />)
    await pass(500)
    expect(shows(page)).toBe('true')
  })

  it('is true in a hub without a transport: the page is all there is', () => {
    const { show, errors } = stage()
    expect(show(<Lead />).container.textContent).toBe('true')
    expect(errors).toEqual([])
  })

  it('is false with a transport that joins no tabs, and says so to the error event', () => {
    const { show, errors } = stage({ transport: recordingTransport() })
    expect(show(<Lead />).container.textContent).toBe('false')
    expect(errors.map(error => error.code)).toContain('unsupported')
  })

  it('is false in tabs without Web Locks, and says so to the error event', async () => {
    const { open, pass } = tabs(false)
    const pages = [open(<Lead />), open(<Lead />)]
    await pass(10_000)
    expect(pages.map(shows)).toEqual(['false', 'false'])
    for (const { codes } of pages) expect(new Set(codes)).toEqual(new Set(['unsupported']))
  })

  it('leaves nothing behind', async () => {
    const { open, pass } = tabs()
    const page = open(<Lead />)
    await pass(500)
    page.unmount()
    await pass(1000)
    await page.hub.close()
    await pass(0)
    expect(page.tab.leaks()).toMatchObject({ locks: 0, requests: 0, timers: 0, listeners: 0, channels: 0 })
  })
})

describe('useClaim', () => {
  function Ring({ id, task }: { id: string | null | undefined; task: () => unknown }): null {
    useClaim(id, task)
    return null
  }

  it('runs in one tab, once, whatever StrictMode and renders do', async () => {
    const { open, pass } = tabs()
    const rung: string[] = []
    const pages = ['a', 'b', 'c'].map(name => open(<Ring id="toast:17" task={() => rung.push(name)} />))
    await pass(500)
    expect(rung).toHaveLength(1)
    for (const page of pages) page.change(<Ring id="toast:17" task={() => rung.push('again')} />)
    await pass(500)
    expect(rung).toHaveLength(1)
    for (const page of pages) page.change(<Ring id="toast:18" task={() => rung.push('next')} />)
    await pass(500)
    expect(rung.slice(1)).toEqual(['next'])
  })

  it('claims nothing without an id', async () => {
    const { open, pass } = tabs()
    const rung: string[] = []
    const page = open(<Ring id={undefined} task={() => rung.push('undefined')} />)
    page.change(<Ring id={null} task={() => rung.push('null')} />)
    await pass(500)
    expect(rung).toEqual([])
    page.change(<Ring id="" task={() => rung.push('empty')} />)
    await pass(500)
    expect(rung).toEqual(['empty'])
  })

  it('runs the task of the last render', async () => {
    const { open, pass } = tabs()
    const rung: string[] = []
    const page = open(<Ring id="1" task={() => rung.push('first')} />)
    page.change(<Ring id="1" task={() => rung.push('last')} />)
    await pass(500)
    expect(rung).toEqual(['last'])
  })

  it('hands what the task throws to the error event', async () => {
    const { open, pass } = tabs()
    const page = open(
      <Ring
        id="1"
        task={() => {
          throw new Error('no sound')
        }}
      />,
    )
    await pass(500)
    expect(page.codes).toEqual(['listener-failed'])
  })

  it('runs in a hub without a transport, once in 60 s for its id, however many components and sessions ask', async () => {
    const { show, hub, pass, clock } = stage()
    const rung: string[] = []
    const ring = <Ring id="1" task={() => rung.push('ding')} />
    const { change } = show([<div key="1">{ring}</div>, <div key="2">{ring}</div>, <EarshotProvider key="3" hub={hub}>{ring}</EarshotProvider>])
    await pass(0)
    expect(rung).toEqual(['ding'])
    change(null)
    await pass(59_999)
    change(ring)
    await pass(0)
    expect(rung).toEqual(['ding'])
    change(null)
    await pass(1)
    change(ring)
    await pass(0)
    expect(rung).toEqual(['ding', 'ding'])
    await pass(60_000)
    change(null)
    await pass(300)
    expect(clock.pending).toBe(0)
  })

  it('does not run where tabs cannot agree, and says so to the error event', async () => {
    const { open, pass } = tabs(false)
    const rung: string[] = []
    const page = open(<Ring id="1" task={() => rung.push('ding')} />)
    await pass(500)
    expect(rung).toEqual([])
    expect(new Set(page.codes)).toEqual(new Set(['unsupported']))
  })
})
