// `patterns` subscriptions of one listener function, each to a pattern of its own, before any publish: bytes of heap a subscription,
// the handle kept, the pattern's string not counted.
import { answer, assertEqual, task } from './measure.mjs'

let heard = 0
const listener = () => void heard++

/** Each gives how to subscribe, which results in what a user keeps, and how to publish. */
const libraries = {
  async earshot() {
    const { createHub } = await import('@earshot/core')
    const session = createHub().openSession()
    return { listen: (pattern) => session.subscribe(pattern, listener), publish: (topic) => session.publish(topic, null) }
  },
  async mitt() {
    const { default: mitt } = await import('mitt')
    const emitter = mitt()
    return { listen: (topic) => emitter.on(topic, listener), publish: (topic) => emitter.emit(topic, null) }
  },
  async nanoevents() {
    const { createNanoEvents } = await import('nanoevents')
    const emitter = createNanoEvents()
    return { listen: (topic) => emitter.on(topic, listener), publish: (topic) => emitter.emit(topic, null) }
  },
  async 'node events'() {
    const { EventEmitter } = await import('node:events')
    const emitter = new EventEmitter()
    return { listen: (topic) => void emitter.on(topic, listener), publish: (topic) => emitter.emit(topic, null) }
  },
  async eventemitter3() {
    const { EventEmitter } = await import('eventemitter3')
    const emitter = new EventEmitter()
    return { listen: (topic) => void emitter.on(topic, listener), publish: (topic) => emitter.emit(topic, null) }
  },
  async eventemitter2() {
    const { default: EventEmitter } = await import('eventemitter2')
    const emitter = new EventEmitter({ wildcard: task.form === 'wildcard', delimiter: '/' })
    return { listen: (pattern) => emitter.on(pattern, listener, { objectify: true }), publish: (topic) => emitter.emit(topic, null) }
  },
  async rxjs() {
    const { Subject } = await import('rxjs')
    const subjects = new Map()
    return {
      listen(topic) {
        const subject = new Subject()
        subjects.set(topic, subject)
        return subject.subscribe(listener)
      },
      publish: (topic) => subjects.get(topic).next(null),
    }
  },
  async qlobber() {
    const { Qlobber } = (await import('qlobber')).default
    const matcher = new Qlobber({ separator: '/', wildcard_one: '*', wildcard_some: '**' })
    return {
      listen: (pattern) => void matcher.add(pattern, listener),
      publish: (topic) => {
        for (const found of matcher.match(topic)) found(null)
      },
    }
  },
}

await answer(libraries, async (use) => {
  heard = 0
  const { listen, publish } = await use()
  const handles = Array.from({ length: task.patterns }, () => undefined)
  const patterns = Array.from({ length: task.patterns }, (_, i) => (task.form === 'wildcard' ? `room/${i}/*` : `room/${i}/chat`))
  new Set(patterns) // makes each string flat, with its hash, before anything is counted
  const before = await heap()
  for (let i = 0; i < patterns.length; i++) handles[i] = listen(patterns[i])
  const bytes = ((await heap()) - before) / task.patterns
  for (const pattern of patterns) publish(pattern.replace('*', 'chat'))
  assertEqual(heard, handles.length, 'messages heard')
  return bytes
})

async function heap() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}
