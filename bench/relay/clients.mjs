// Clients that speak each relay's protocol over bare sockets, so that what they cost is the same for all.
import { WebSocket } from 'ws'

const TOPIC = 'bench'

/** How a client of each relay connects, subscribes, publishes and counts; `heard` is told how many messages came and – by Earshot's – asks for their offsets. */
export const protocols = {
  earshot: {
    open(url, heard, { session = '', position, record, attach = 1, secret = `s${Math.random()}`, tag = `t${Math.random()}` } = {}) {
      return connected(url, (socket, ready) => {
        const say = (frame) => socket.send(JSON.stringify(frame))
        const state = { socket, secret, tag, attach, clock: 0, unreported: 0, done: 0 }
        socket.on('open', () => say({ t: 'hello', v: 1 }))
        socket.on('message', (data) => {
          const messages = []
          for (const line of String(data).split('\n')) {
            if (line.startsWith('{"t":"message"')) messages.push(line)
            else control(JSON.parse(line))
          }
          if (messages.length > 0) took(messages, (line) => JSON.parse(line).m)
        })
        const control = (frame) => {
          if (frame.t === 'welcome') {
            state.epoch = frame.epoch
            say({ t: 'attach', s: 0, session, attach, tag, tags: [], secret, ...(record && { record, position }), subs: [[TOPIC, position ? 0 : null]], done: 0 })
          } else if (frame.t === 'attached') state.record = frame.record
          else if (frame.t === 'position' || frame.t === 'page') {
            if (frame.m) took(frame.m, (message) => message)
            state.offset = frame.offset
            ready(state)
          } else if (frame.t === 'ack') state.done = frame.clock
          else if (frame.t === 'ping') say({ t: 'pong' })
          else if (frame.t === 'refused' || frame.t === 'bye' || frame.t === 'detached') throw new Error(JSON.stringify(frame))
        }
        // As the library does: cursors are reported every 128 messages.
        const took = (messages, read) => {
          state.unreported += messages.length
          if (state.unreported >= 128) {
            state.unreported = 0
            say({ t: 'cursor', s: 0, offset: read(messages.at(-1))[6] })
          }
          heard(messages.length, () => messages.map((message) => read(message)[6]))
        }
      })
    },
    publish({ socket, tag, done }, data, count) {
      // As the library does: each confirms the outcomes that are known.
      const frames = Array.from({ length: count }, () => JSON.stringify({ t: 'publish', s: 0, topic: TOPIC, data, tag, clock: ++clocks, time: 0, done }))
      for (let i = 0; i < frames.length; i += 500) socket.send(frames.slice(i, i + 500).join('\n'))
    },
  },
  ws: {
    open: (url, heard) => connected(url, (socket, ready) => {
      socket.on('open', () => ready({ socket }))
      socket.on('message', () => heard(1))
    }),
    publish({ socket }, data, count) {
      for (let i = 0; i < count; i++) socket.send(data)
    },
  },
  'socket.io': {
    open: (url, heard) => connected(`${url}socket.io/?EIO=4&transport=websocket`, (socket, ready) => {
      socket.on('message', (bytes) => {
        const text = String(bytes)
        if (text.startsWith('0')) socket.send('40')
        else if (text.startsWith('40')) {
          socket.send(`42["join","${TOPIC}"]`)
          ready({ socket })
        } else if (text === '2') socket.send('3')
        else if (text.startsWith('42')) heard(1)
      })
    }),
    publish({ socket }, data, count) {
      for (let i = 0; i < count; i++) socket.send(`42["message","${TOPIC}","${data}"]`)
    },
  },
  'nats-server': {
    open: (url, heard) => connected(url, (socket, ready) => {
      let rest = ''
      socket.on('message', (bytes) => {
        rest += String(bytes)
        if (rest.startsWith('INFO')) {
          rest = rest.slice(rest.indexOf('\r\n') + 2)
          socket.send(`CONNECT {"verbose":false,"echo":false,"protocol":1}\r\nSUB ${TOPIC} 1\r\nPING\r\n`)
        }
        let count = 0
        for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
          const line = rest.slice(0, end)
          if (line.startsWith('MSG')) {
            const next = end + 2 + Number(line.slice(line.lastIndexOf(' ') + 1)) + 2
            if (rest.length < next) break
            rest = rest.slice(next)
            count++
            continue
          }
          if (line === 'PING') socket.send('PONG\r\n')
          if (line === 'PONG') ready({ socket })
          rest = rest.slice(end + 2)
        }
        if (count > 0) heard(count)
      })
    }),
    publish({ socket }, data, count) {
      const line = `PUB ${TOPIC} ${data.length}\r\n${data}\r\n`
      for (let i = 0; i < count; i += 500) socket.send(line.repeat(Math.min(500, count - i)))
    },
  },
}

let clocks = 0

function connected(url, use) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    socket.on('error', reject)
    use(socket, resolve)
  })
}
