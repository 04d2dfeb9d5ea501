import type { Codec } from '../pipe/socket-pipe.ts'
import type { Speech } from './speech.ts'

const OPEN = 1

/** Loaded once, when the first connection is made. */
let loaded: typeof Speech | undefined

/** Loads what `messagePack` needs ahead of the first connection, e.g. while the page is idle. Rejects when that fails. */
export async function preloadMessagePack(): Promise<void> {
  loaded ??= (await import('./speech.ts')).Speech
}

/**
 * Frames as MessagePack: bytes travel as they are, a quarter shorter than in JSON. What it needs is loaded when the first connection is made; where that fails,
 * and with a relay that does not know it, the connection speaks JSON.
 * @example webSocket({ url: '/earshot', codec: messagePack })
 */
export const messagePack: Codec = (Socket, url) => events => {
  const socket = new Socket(url)
  let speech: Speech | undefined
  let isClosed = false
  // The platform's sockets give blobs else.
  Object.assign(socket, { binaryType: 'arraybuffer' })
  const opened = (): void => {
    if (isClosed) return
    speech = loaded && new loaded()
    events.opened()
  }
  socket.addEventListener('open', () => {
    if (loaded) opened()
    else void preloadMessagePack().then(opened, opened)
  })
  socket.addEventListener('message', ({ data }) => isClosed || events.received(speech?.read(data) ?? String(data)))
  socket.addEventListener('close', ({ code }) => {
    if (!isClosed) events.ended(code)
    isClosed = true
  })
  // `close` follows, as in `socketPipe`.
  socket.addEventListener('error', () => {})
  return {
    send(text) {
      if (socket.readyState === OPEN) socket.send(speech?.write(text) ?? text)
    },
    close() {
      isClosed = true
      socket.close()
    },
    get buffered() {
      return socket.bufferedAmount
    },
  }
}
