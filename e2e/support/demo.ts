import type { Frame, Page } from 'puppeteer-core'
import { expect } from 'vitest'
import type { Tabs } from './browser.ts'

/** The demo in a tab, or in a pane of a split view. */
export type View = Page | Frame

export const by = (id: string): string => `[data-testid="${id}"]`

/** Opens the demo as somebody. */
export async function visit({ tabs }: { readonly tabs: Tabs }, name: string, path = '/'): Promise<Page> {
  const page = await tabs.open(path)
  await signIn(page, name)
  await joined(page)
  return page
}

export async function signIn(page: Page, name: string): Promise<void> {
  await fill(page, by('me-name'), name)
  // It may have had this name already.
  await page.keyboard.press('Enter')
  await page.waitForSelector(`${by('person')}[data-user="${name}"]`)
}

export async function joined(view: View): Promise<void> {
  await expect.poll(() => attributes(view, by('status'), 'data-state')).toEqual(['connected'])
}

/** A pane of a split view, once it has joined. */
export async function paneOf(page: Page, side: 'left' | 'right'): Promise<Frame> {
  const frame = await (await page.waitForSelector(`[data-pane=${side}]`))?.contentFrame()
  if (!frame) throw new Error(`There is no ${side} pane`)
  await joined(frame)
  return frame
}

/** Brings a tab to the front, where it is rendered and clicked at. */
export async function front(view: View): Promise<void> {
  if ('bringToFront' in view) await view.bringToFront()
}

export function texts(view: View, selector: string): Promise<(string | null)[]> {
  return view.$$eval(selector, elements => elements.map(element => element.textContent))
}

export function attributes(view: View, selector: string, name: string): Promise<(string | null)[]> {
  return view.$$eval(selector, (elements, attribute) => elements.map(element => element.getAttribute(attribute)), name)
}

export async function click(view: View, selector: string): Promise<void> {
  await front(view)
  await view.locator(selector).click()
}

/** Types over what a field has. It is never empty meanwhile: a render between would put back what was there. */
export async function fill(view: View, selector: string, text: string): Promise<void> {
  await front(view)
  const field = await (await view.waitForSelector(selector))?.toElement('input')
  await field?.evaluate(input => input.select())
  await field?.type(text)
}

/** What has the focus: its test id, else its text; nothing if it is lost. */
export function focused(view: View): Promise<string | null | undefined> {
  return view.evaluate(() => {
    const { activeElement: element, body } = document
    return element === body ? undefined : (element?.getAttribute('data-testid') ?? element?.textContent)
  })
}

/** Who is shown, with how many tabs. */
export async function people(view: View): Promise<[string, number][]> {
  await front(view)
  const shown = await view.$$eval(by('person'), persons =>
    persons.map((person): [string, number] => [person.getAttribute('data-user') ?? '', person.querySelectorAll('[data-testid="tab"]').length]),
  )
  return shown.sort(([one], [other]) => one.localeCompare(other))
}

/** Lines of the log, oldest first. */
export async function log(view: View, kind: string): Promise<string[]> {
  await front(view)
  const shown = await view.$$eval(`${by('entry')}[data-direction="${kind}"]`, entries =>
    entries.map(entry => ['who', 'where', 'text'].map(part => entry.querySelector(`.${part}`)?.textContent).join(' · ')),
  )
  return shown.reverse()
}

export async function send(view: View, to: 'all' | 'others' | 'topic' | 'user', text: string): Promise<void> {
  await click(view, `label:has(${by(`to-${to}`)})`)
  await fill(view, by('send-text'), text)
  await view.locator(by('send')).click()
}

/** The id of a view's own session. */
export function session(view: View): Promise<string | null> {
  return view.$eval(by('me-session'), element => element.textContent)
}

/** Says something in the room that the view is in. */
export async function chat(view: View, text: string): Promise<void> {
  await front(view)
  await fill(view, by('chat-text'), text)
  await view.locator(by('chat-send')).click()
}

/** Lines of the chat, with the mark of those that have one. */
export async function chatted(view: View): Promise<string[]> {
  await front(view)
  return view.$$eval(by('line'), lines =>
    lines.map(line => [line.querySelector('.text')?.textContent, line.getAttribute('data-status')].filter(Boolean).join(' · ')),
  )
}

export async function enter(view: View, room: string): Promise<void> {
  await click(view, by(`door-${room}`))
  await view.waitForSelector(by('room'))
}
