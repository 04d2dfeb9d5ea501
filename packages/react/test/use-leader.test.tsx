import { createHub } from '@earshot/core'
import type { LocksOption, TestTab } from '@earshot/core/testing'
import { broadcastChannel } from '@earshot/transport'
import type { ReactElement } from 'react'
import { describe, expect, it } from 'vitest'
import { EarshotProvider, useClaim, useLeader } from '../src/index.ts'
import { type AppTab, createTestApp, type TestApp } from '../src/testing/index.ts'
import { Hideable } from './support/hideable.tsx'
import { recordingTransport } from './support/recording-transport.ts'
import { stage } from './support/stage.tsx'

function Lead(): ReactElement {
  return <p>{String(useLeader())}</p>
}

interface Page {
  tab: AppTab
  codes: string[]
}

/** Tabs of one browser. */
function tabs(locks: LocksOption = true): TestApp & { open: (children: ReactElement) => Page } {
  const codes = new Map<TestTab, string[]>()
  const app = createTestApp({
    locks,
    hub(env, page) {
      const own: string[] = []
      codes.set(page, own)
      return createHub({ ...env, onError: error => own.push(error.code), transport: broadcastChannel(env) })
    },
  })
  return {
    ...app,
    open(ui) {
      const tab = app.openTab({ ui })
      return { tab, codes: codes.get(tab.page) ?? [] }
    },
  }
}

const shows = ({ tab }: Page): string | null => tab.container.textContent

describe('useLeader', () => {
  it('is true in one tab, and in the next when that one has gone', async () => {
    await using app = tabs()
    const pages = [app.open(<Lead />), app.open(<Lead />), app.open(<Lead />)]
    expect(pages.map(shows)).toEqual(['false', 'false', 'false'])
    await app.advance(500)
    expect(pages.map(shows).sort()).toEqual(['false', 'false', 'true'])
    const leader = pages.find(page => shows(page) === 'true')
    leader?.tab.crash()
    await app.advance(500)
    const rest = pages.filter(page => page !== leader)
    expect(rest.map(shows).sort()).toEqual(['false', 'true'])
    rest.find(page => shows(page) === 'true')?.tab.render(null)
    await app.advance(1000)
    expect(rest.map(shows).sort()).toEqual(['', 'true'])
  })

  it('keeps the lead through StrictMode, a remount and a short time hidden', async () => {
    await using app = tabs()
    const page = (mode: 'visible' | 'hidden', key: string): ReactElement => (
      <Hideable mode={mode}>
        <Lead key={key} />
      </Hideable>
    )
    const first = app.open(page('visible', '1'))
    await app.advance(500)
    const second = app.open(<Lead />)
    await app.advance(500)
    for (const next of [page('visible', '2'), page('hidden', '2'), page('visible', '2')]) {
      first.tab.render(next)
      await app.advance(200)
      expect(shows(second)).toBe('false')
    }
    expect(shows(first)).toBe('true')
  })

  it('is one for all components of a tab', async () => {
    await using app = tabs()
    const page = app.open(
      <>
        <Lead />
        <Lead />
      </>,
    )
    await app.advance(500)
    expect(shows(page)).toBe('truetrue')
    page.tab.render(<Lead />)
    await app.advance(500)
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
    await using app = tabs(false)
    const pages = [app.open(<Lead />), app.open(<Lead />)]
    await app.advance(10_000)
    expect(pages.map(shows)).toEqual(['false', 'false'])
    for (const { codes } of pages) expect(new Set(codes)).toEqual(new Set(['unsupported']))
  })

  it('leaves nothing behind', async () => {
    await using app = tabs()
    const page = app.open(<Lead />)
    await app.advance(500)
    page.tab.unmount()
    await app.advance(1000)
    await page.tab.hub.close()
    await app.advance(0)
    expect(page.tab.page.leaks()).toMatchObject({ locks: 0, requests: 0, timers: 0, listeners: 0, channels: 0 })
  })
})

describe('useClaim', () => {
  function Ring({ id, task }: { id: string | null | undefined; task: () => unknown }): null {
    useClaim(id, task)
    return null
  }

  it('runs in one tab, once, whatever StrictMode and renders do', async () => {
    await using app = tabs()
    const rung: string[] = []
    const pages = ['a', 'b', 'c'].map(name => app.open(<Ring id="toast:17" task={() => rung.push(name)} />))
    await app.advance(500)
    expect(rung).toHaveLength(1)
    for (const page of pages) page.tab.render(<Ring id="toast:17" task={() => rung.push('again')} />)
    await app.advance(500)
    expect(rung).toHaveLength(1)
    for (const page of pages) page.tab.render(<Ring id="toast:18" task={() => rung.push('next')} />)
    await app.advance(500)
    expect(rung.slice(1)).toEqual(['next'])
  })

  it('claims nothing without an id', async () => {
    await using app = tabs()
    const rung: string[] = []
    const page = app.open(<Ring id={undefined} task={() => rung.push('undefined')} />)
    page.tab.render(<Ring id={null} task={() => rung.push('null')} />)
    await app.advance(500)
    expect(rung).toEqual([])
    page.tab.render(<Ring id="" task={() => rung.push('empty')} />)
    await app.advance(500)
    expect(rung).toEqual(['empty'])
  })

  it('runs the task of the last render', async () => {
    await using app = tabs()
    const rung: string[] = []
    const page = app.open(<Ring id="1" task={() => rung.push('first')} />)
    page.tab.render(<Ring id="1" task={() => rung.push('last')} />)
    await app.advance(500)
    expect(rung).toEqual(['last'])
  })

  it('hands what the task throws to the error event', async () => {
    await using app = tabs()
    const page = app.open(
      <Ring
        id="1"
        task={() => {
          throw new Error('no sound')
        }}
      />,
    )
    await app.advance(500)
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
    await using app = tabs(false)
    const rung: string[] = []
    const page = app.open(<Ring id="1" task={() => rung.push('ding')} />)
    await app.advance(500)
    expect(rung).toEqual([])
    expect(new Set(page.codes)).toEqual(new Set(['unsupported']))
  })
})
