import { register } from 'prom-client'
import { expect, it } from 'vitest'
import { createRelay, memoryEngine } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { joinHub, startRelay } from '../support/running-relay.ts'

/** Values by name, and by name and labels for what has some. */
function read(text: string): Record<string, number> {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

it('say what happened, as Prometheus reads it', async () => {
  const { relay, url, http } = await startRelay({ authorize: ({ topic }) => topic !== 'forbidden' })
  const [ada, bob] = [joinHub(url).hub.openSession(), joinHub(url).hub.openSession()]
  const streams = [ada, bob].map(session => session.stream('rooms/*'))
  await Promise.all([ada.ready, bob.ready])
  for (let n = 0; n < 40; n++) await ada.publish('rooms/1', n)
  await relay.publish('rooms/2', 'from the server')
  await ada.publish('forbidden', 1).then(
    () => expect.unreachable(),
    () => {},
  )
  for (let n = 0; n <= 40; n++) for (const stream of streams) await stream.next()

  const response = await fetch(`${http}/earshot/metrics`)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  expect(read(text)).toMatchObject({
    earshot_connections: 2,
    earshot_sessions: 2,
    earshot_subscriptions: 2,
    earshot_publishes_total: 41,
    earshot_deliveries_total: 82,
    earshot_refused_total: 1,
    earshot_recovered_total: 0,
    earshot_skipped_total: 0,
    earshot_gaps_total: 0,
    earshot_send_buffer_bytes: 0,
    earshot_publish_seconds_count: 41,
    'earshot_publish_seconds_bucket{le="+Inf"}': 41,
  })
  expect(read(text)['earshot_delivery_seconds_count']).toBeGreaterThan(2)
  expect(text).toContain('# TYPE earshot_publishes_total counter')
  expect(text).toContain('# TYPE earshot_delivery_seconds histogram')
})

it('count what was missed, and what cannot be had any more', async () => {
  const { relay, url } = await startRelay({ engine: memoryEngine({ messages: 2 }) })
  const client = new RawClient(url)
  await client.opened()
  const { epoch } = await (client.say({ t: 'hello', v: 1 }), client.next('welcome'))
  for (const n of [1, 2, 3, 4]) await relay.publish('a', n)
  client.say({ t: 'attach', s: 1, session: 'ada', attach: 1, tag: 't', tags: [], secret: 's', position: `${epoch}.1`, subs: [['a', 0]], done: 0 })
  await client.next('page')
  expect(read(await relay.metrics())).toMatchObject({ earshot_gaps_total: 1, earshot_recovered_total: 2, earshot_publishes_total: 4 })
})

it('count whom there was no room for, and what a slow session did not get', async () => {
  const { relay, url } = await startRelay({ limits: { connections: 1, unread: 160 } })
  const slow = new RawClient(url)
  await slow.opened()
  slow.say({ t: 'hello', v: 1 })
  await slow.next('welcome')
  slow.say({ t: 'attach', s: 0, session: 'ada', attach: 1, tag: 't', tags: [], secret: 's', subs: [['a', null]], done: 0 })
  await slow.next('position')
  const one = new RawClient(url)
  expect(await one.closed).toBe(1013)
  // It never says that it has read anything.
  for (let n = 0; n < 200; n++) await relay.publish('a', n)
  for (let n = 0; n < 3; n++) await relay.publish('a', n, { volatile: true })
  expect(read(await relay.metrics())).toMatchObject({ earshot_skipped_total: 3, earshot_turned_away_total: 1, earshot_deliveries_total: 160 })
})

it('never fall, and are those of one relay', async () => {
  const [one, other] = [createRelay(), createRelay()]
  await one.publish('a', 1)
  expect(read(await one.metrics())).toMatchObject({ earshot_publishes_total: 1 })
  await one.publish('a', 2)
  expect(read(await one.metrics())).toMatchObject({ earshot_publishes_total: 2 })
  expect(read(await other.metrics())).toMatchObject({ earshot_publishes_total: 0 })
  expect(register.getMetricsAsArray()).toEqual([])
  await Promise.all([one.close(), other.close()])
})

it('may be left out', async () => {
  const { http } = await startRelay({}, { metrics: false })
  expect((await fetch(`${http}/earshot/metrics`)).status).toBe(404)
})
