// One client that does not read, and another that does.
import { once } from 'node:events'
import { protocols } from './clients.mjs'
import { closeAll, counter, openAll, payload } from './load.mjs'

const MESSAGES = 100
/** Between such bursts, in milliseconds: 10,000 messages a second. */
const PAUSE = 10
/** The log tidies up once in so many bursts: a reading before and one after it would not be of the same. */
const TIDIED = 200
const MINUTE = 60_000

/**
 * What the relay holds more while one client does not read for a minute than while all read, after as many messages each; and what another one hears meanwhile:
 * how many a second, and how late.
 */
export async function slowReader(library, relay, smoke) {
  const count = counter()
  const [reader] = await openAll(library, relay, 1, count.heard)
  const last = { offset: 0 }
  const slow = await protocols[library].open(relay.url, (_, offsetsOf) => (last.offset = offsetsOf().at(-1)))
  const publisher = await protocols[library].open(relay.url, () => {})
  const send = () => protocols[library].publish(publisher, payload, MESSAGES)
  // The log is full before anything is measured.
  await paced(send, count, smoke ? 2 : 2 * TIDIED)
  const reading = await paced(send, count, smoke ? 20 : Infinity, MINUTE)
  const before = await relay.free()
  slow.socket._socket.pause()
  const stalled = await paced(send, count, reading.delays.length)
  const after = await relay.free()
  await caughtUp(slow.socket, () => last.offset === count.total())
  closeAll([reader, slow, publisher])
  const both = (of) => ({ 'all read': of(reading), 'one does not': of(stalled) })
  return [Math.max(0, after - before), both(({ rate }) => rate), both(({ delays }) => delays[Math.floor(delays.length * 0.99)]), both(({ delays }) => delays.at(-1))]
}

/**
 * Sends so many bursts, or for so long, each when it is due and the one before was heard: where the relay does not keep up, the rate says so. Gives what was heard a second, and how long
 * after it was sent each burst was heard, rising.
 */
async function paced(send, count, bursts, time = Infinity) {
  const before = count.total()
  const start = performance.now()
  const delays = []
  for (let sent = 0; sent < bursts && !(sent % TIDIED === 0 && performance.now() - start >= time); sent++) {
    const early = start + sent * PAUSE - performance.now()
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    const at = performance.now()
    send()
    await count.reach(before + (sent + 1) * MESSAGES)
    delays.push(performance.now() - at)
  }
  const rate = (delays.length * MESSAGES) / ((performance.now() - start) / 1000)
  return { rate, delays: delays.sort((one, other) => one - other) }
}

/** It reads again, still connected, and comes to the end of the log. */
async function caughtUp(socket, isThere) {
  const closed = once(socket, 'close').then(([code]) => code)
  socket._socket.resume()
  for (const end = performance.now() + 5000; !isThere(); ) {
    const code = await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 10))])
    if (code !== undefined || performance.now() > end) throw new Error(`a slow reader was not caught up: ${code === undefined ? 'not in 5 s' : `closed with ${code}`}`)
  }
}
