// Runs in each tab: the same little protocol over each library, called by name from outside.
import { createHub } from '@earshot/core'
import { broadcastChannel } from '@earshot/transport'
import { BroadcastChannel as NpmBroadcastChannel } from 'broadcast-channel'

let posts = 0
globalThis.BroadcastChannel = class extends BroadcastChannel {
  postMessage(message) {
    posts++
    super.postMessage(message)
  }
}

/** How to hear a topic, and what sends to it. Each gets the best form the library has: the peers a channel for every topic. */
const libraries = {
  raw(name) {
    const channels = new Map()
    const channelOf = (topic) => channels.get(topic) ?? channels.set(topic, new BroadcastChannel(`${name}/${topic}`)).get(topic)
    return {
      async hear(topic, listener) {
        channelOf(topic).onmessage = ({ data }) => listener(data)
      },
      sender: (topic) => {
        const channel = channelOf(topic)
        return (data) => channel.postMessage(data)
      },
    }
  },
  'broadcast-channel'(name) {
    const channels = new Map()
    const channelOf = (topic) => channels.get(topic) ?? channels.set(topic, new NpmBroadcastChannel(`${name}/${topic}`, { type: 'native' })).get(topic)
    return {
      async hear(topic, listener) {
        channelOf(topic).onmessage = listener
      },
      sender: (topic) => {
        const channel = channelOf(topic)
        return (data) => void channel.postMessage(data)
      },
    }
  },
  earshot(name) {
    session = createHub({ transport: broadcastChannel({ name }) }).openSession()
    return {
      hear: (topic, listener) => session.subscribe(topic, ({ data }) => void listener(data)).ready,
      sender: (topic) => (data) => void session.publish(topic, data),
    }
  },
}
/** A hundred bytes or so: what a cursor or a chat line is. */
const small = { kind: 'chat', user: 'ada@example.org', text: 'one line of a chat between two', x: 512.5, y: 384.25, at: 1_750_000_000_000, n: 0 }
const large = {
  n: 0,
  rows: Array.from({ length: 70 }, (_, id) => ({ id, name: `row number ${id}`, tags: ['alpha', 'beta'], position: { x: id * 1.5, y: id * 2.5 }, note: 'some words that make a line of text' })),
}

let session
let library
let presence

const tab = {
  open(name, channel) {
    library = libraries[name](channel)
  },

  /** Answers pings, and counts bursts: when a burst is complete, says what was heard. */
  async listen() {
    const pong = library.sender('pong')
    const done = library.sender('done')
    let burst = { expected: 0, heard: 0, sum: 0 }
    const count = ({ n }) => {
      burst.heard++
      burst.sum += n
      if (burst.heard === burst.expected) done(burst)
    }
    await library.hear('ping', pong)
    await library.hear('begin', ({ expected }) => {
      burst = { expected, heard: 0, sum: 0 }
      done(burst)
    })
    await library.hear('burst', count)
    await library.hear('batch', (all) => all.forEach(count))
  },

  /** What comes back is heard here. */
  async prepare() {
    for (const topic of ['pong', 'done']) await library.hear(topic, (data) => replies[topic](data))
  },

  /** Milliseconds one way, one message at a time: half of each round trip. */
  async pingPong(count, warmUp) {
    const ping = library.sender('ping')
    const times = []
    for (let n = 0; n < warmUp + count; n++) {
      const start = performance.now()
      const { n: answered } = await reply('pong', () => ping({ ...small, n }))
      if (n >= warmUp) times.push((performance.now() - start) / 2)
      if (answered !== n) throw new Error(`ping ${n} was answered by ${answered}`)
    }
    times.sort((one, other) => one - other)
    return { p50: times[Math.floor(times.length * 0.5)], p99: times[Math.floor(times.length * 0.99)] }
  },

  /** Messages a second, from the first post until the other tab has said that it heard all. */
  async burst(count, size, batch) {
    const payload = size === 'large' ? large : small
    const begin = library.sender('begin')
    const send = library.sender(batch > 1 ? 'batch' : 'burst')
    await reply('done', () => begin({ expected: count }))
    const start = performance.now()
    const { heard, sum } = await reply('done', () => {
      if (batch > 1) for (let n = 0; n < count; n += batch) send(Array.from({ length: batch }, (_, i) => ({ ...payload, n: n + i })))
      else for (let n = 0; n < count; n++) send({ ...payload, n })
    })
    const seconds = (performance.now() - start) / 1000
    if (heard !== count || sum !== (count * (count - 1)) / 2) throw new Error(`heard ${heard} of ${count}, sum ${sum}`)
    return count / seconds
  },

  /** Nanoseconds a publish that no other tab wants, and how many posts that were. */
  async unheard(count) {
    const send = library.sender('nobody')
    const before = posts
    const start = performance.now()
    for (let n = 0; n < count; n++) send({ ...small, n })
    await new Promise((resolve) => setTimeout(resolve)) // what a library puts off counts, too
    return { ns: ((performance.now() - start) / count) * 1e6, posts: posts - before }
  },

  async enter() {
    presence = session.presence('here')
    presence.enter({ name: 'ada' })
    await presence.ready
  },

  /** Resolves with the wall-clock time at which the next member is gone. */
  seeLeave() {
    left = new Promise((resolve) => {
      presence.subscribe(({ type }) => {
        if (type === 'leave') resolve(Date.now())
      })
    })
  },

  members: () => presence.members.length,
  left: () => left,
}

let left
const replies = { pong() {}, done() {} }
globalThis.tab = tab

function reply(topic, ask) {
  return new Promise((resolve) => {
    replies[topic] = resolve
    ask()
  })
}
