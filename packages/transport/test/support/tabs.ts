import { type Clock, createHub, type EarshotError, type Gap, type Hub, type Message, type Session, type SubscribeOptions } from '@earshot/core'
import { createTestBrowser, type TestBrowser, type TestBrowserOptions, type TestTab } from '@earshot/core/testing'
import { broadcastChannel, type BroadcastChannelOptions } from '@earshot/transport'
import { promptly } from '../../src/page/promptly.ts'

/** An app in one fake tab: a hub, a session, and what came of them. */
export interface App {
  readonly tab: TestTab
  readonly hub: Hub
  readonly session: Session
  readonly heard: Message[]
  readonly errors: EarshotError[]
  readonly gaps: Gap[]
  /** Listens to a pattern and keeps what it hears. */
  listen(pattern: string, options?: SubscribeOptions): ReturnType<Session['subscribe']>
  /** What was heard, as data. */
  data(): unknown[]
}

/** How an app is started. */
export interface AppOptions extends BroadcastChannelOptions {
  userId?: string
  namespace?: string
}

/** Starts an app in a tab. */
export function startApp(tab: TestTab, { userId, namespace, ...options }: AppOptions = {}): App {
  const errors: EarshotError[] = []
  const gaps: Gap[] = []
  const heard: Message[] = []
  const { clock, random } = { ...tab.env, ...options }
  const hub = createHub({
    clock,
    random,
    transport: broadcastChannel({ name: 'app', ...tab.env, ...options }),
    onError: error => errors.push(error),
    ...(namespace !== undefined && { namespace }),
  })
  hub.on('gap', gap => gaps.push(gap))
  const session = hub.openSession(userId === undefined ? {} : { userId })
  return {
    tab,
    hub,
    session,
    heard,
    errors,
    gaps,
    listen: (pattern, given) => session.subscribe(pattern, message => void heard.push(message), given),
    data: () => heard.map(message => message.data),
  }
}

/** A tab's clock that tells another time than it is; its timers run as ever. */
export function skewedClock({ env: { clock } }: TestTab, skew: () => number): Clock {
  return {
    now: () => clock.now() + skew(),
    after: (delay, task) => clock.after(delay, task),
    promptly: (delay, task) => promptly(clock, delay, task),
  }
}

/** A browser with this many apps, joined. */
export async function openApps(count: number, options: TestBrowserOptions = {}, app: AppOptions = {}): Promise<{ browser: TestBrowser; apps: App[] }> {
  const browser = createTestBrowser(options)
  const apps = Array.from({ length: count }, (_, index) => startApp(browser.openTab(), { userId: `user${index}`, ...app }))
  for (const { session } of apps) void session.ready
  await browser.advance(500)
  return { browser, apps }
}
