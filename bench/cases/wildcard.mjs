// `patterns` subscriptions to `room/<n>/*`, publishes spread over all of them in a shuffled order: nanoseconds a publish.
// `strings: 'prepared'` publishes to the same strings again and again, `'new'` makes the topic each time (in every library's time).
import { answer, assertEqual, nanosecondsOf, task } from './measure.mjs'

const message = { size: 1 }

/** Each gives how to listen to a pattern, and how to publish. */
const libraries = {
  'earshot, cache ≥ set': () => earshot({ cache: task.patterns * 2 }),
  'earshot, default cache': () => earshot({}),
  'earshot, no cache': () => earshot({ cache: 0 }),
  qlobber: () => qlobber({}),
  'qlobber, its splits cached': () => qlobber({ cache_splits: task.patterns * 2 }),
  async eventemitter2() {
    const { default: EventEmitter } = await import('eventemitter2')
    const emitter = new EventEmitter({ wildcard: true, delimiter: '/', maxListeners: 0 })
    return {
      listen: (pattern) => emitter.on(pattern, (data) => void (heard += data.size)),
      publish: (topic) => emitter.emit(topic, message),
    }
  },
  // No wildcards at all: the topics themselves in a map, as a bound on what any library could reach.
  'bare Map.get + call'() {
    const listeners = new Map()
    return {
      listen: (pattern) => void listeners.set(pattern.replace('*', 'chat'), (data) => void (heard += data.size)),
      publish: (topic) => listeners.get(topic)(message),
    }
  },
}

let heard = 0
await answer(libraries, async (use) => {
  heard = 0
  const { listen, publish } = await use()
  for (let i = 0; i < task.patterns; i++) listen(`room/${i}/*`)

  const order = shuffled(task.patterns)
  const topics = Array.from({ length: task.patterns }, (_, i) => `room/${i}/chat`)
  const prepared = Array.from(order, (i) => topics[i])
  let published = 0
  const publishPrepared = () => {
    for (let i = 0; i < prepared.length; i++) publish(prepared[i])
    published += prepared.length
  }
  const publishNew = () => {
    for (let i = 0; i < order.length; i++) publish(`room/${order[i]}/chat`)
    published += order.length
  }
  const ns = nanosecondsOf(task.strings === 'prepared' ? publishPrepared : publishNew, task.patterns)
  assertEqual(heard, published, 'messages heard')
  return ns
})

async function earshot(options) {
  const { createHub } = await import('@earshot/core')
  const session = createHub(options).openSession()
  return {
    listen: (pattern) => session.subscribe(pattern, ({ data }) => void (heard += data.size)),
    publish: (topic) => session.publish(topic, message),
  }
}

async function qlobber(options) {
  const { Qlobber } = (await import('qlobber')).default
  const matcher = new Qlobber({ separator: '/', wildcard_one: '*', wildcard_some: '**', ...options })
  return {
    listen: (pattern) => matcher.add(pattern, (data) => void (heard += data.size)),
    publish: (topic) => {
      for (const listener of matcher.match(topic)) listener(message)
    },
  }
}

/** The numbers below `count` in an order that is the same in every process (xorshift). */
function shuffled(count) {
  const numbers = Int32Array.from({ length: count }, (_, i) => i)
  let seed = 42
  for (let i = count - 1; i > 0; i--) {
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    const other = (seed >>> 0) % (i + 1)
    ;[numbers[i], numbers[other]] = [numbers[other], numbers[i]]
  }
  return numbers
}
