// One exact topic with `listeners` listeners: nanoseconds a publish.
import { answer, assertEqual, nanosecondsOf, task } from './measure.mjs'

const topic = 'rooms/42/chat'
const message = { size: 1 }

/** Each gives how to listen with a function of the payload, and how to publish. */
const libraries = {
  async earshot() {
    const { createHub } = await import('@earshot/core')
    const session = createHub().openSession()
    return {
      // The payload is in the message: the listener is written for it, as a user's would be.
      listen: () => session.subscribe(topic, ({ data }) => void (heard += data.size)),
      publish: () => session.publish(topic, message),
    }
  },
  async mitt() {
    const { default: mitt } = await import('mitt')
    const emitter = mitt()
    return { listen: () => emitter.on(topic, (data) => void (heard += data.size)), publish: () => emitter.emit(topic, message) }
  },
  async nanoevents() {
    const { createNanoEvents } = await import('nanoevents')
    const emitter = createNanoEvents()
    return { listen: () => emitter.on(topic, (data) => void (heard += data.size)), publish: () => emitter.emit(topic, message) }
  },
  async 'node events'() {
    const { EventEmitter } = await import('node:events')
    const emitter = new EventEmitter().setMaxListeners(0)
    return { listen: () => emitter.on(topic, (data) => void (heard += data.size)), publish: () => emitter.emit(topic, message) }
  },
  async eventemitter3() {
    const { EventEmitter } = await import('eventemitter3')
    const emitter = new EventEmitter()
    return { listen: () => emitter.on(topic, (data) => void (heard += data.size)), publish: () => emitter.emit(topic, message) }
  },
  async eventemitter2() {
    const { default: EventEmitter } = await import('eventemitter2')
    const emitter = new EventEmitter({ maxListeners: 0 })
    return { listen: () => emitter.on(topic, (data) => void (heard += data.size)), publish: () => emitter.emit(topic, message) }
  },
  async rxjs() {
    const { Subject } = await import('rxjs')
    const subjects = new Map([[topic, new Subject()]])
    return {
      listen: () => subjects.get(topic).subscribe((data) => void (heard += data.size)),
      publish: () => subjects.get(topic).next(message),
    }
  },
}

let heard = 0
await answer(libraries, async (use) => {
  heard = 0
  const { listen, publish } = await use()
  for (let i = 0; i < task.listeners; i++) listen()

  const publishes = task.smoke ? 10 : Math.max(10, Math.round(20_000 / task.listeners))
  let published = 0
  const ns = nanosecondsOf(() => {
    for (let i = 0; i < publishes; i++) publish()
    published += publishes
  }, publishes)
  assertEqual(heard, published * task.listeners, 'messages heard')
  return ns
})
