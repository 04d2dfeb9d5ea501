// The same two components over each library: one shows the last hundred numbers of a topic, one must hear each of them.
import { createHub } from '@earshot/core'
import { EarshotProvider, useSubscription, useTopic } from '@earshot/react'
import { broadcastChannel } from '@earshot/transport'
import { Fragment, useEffect, useLayoutEffect, useState } from 'react'
import { useWebSocket } from 'react-use-websocket/dist/lib/use-websocket.js'
import { useBroadcastChannel } from 'use-broadcast-channel'
import { committed, counts, rendered } from './counts.mjs'

const hear = ({ n }) => counts.heard.add(n)
const append = (message) => (messages) => [...messages, message].slice(-100)

/** By library, what a page at a place – a channel's name, a server's address – is made of. */
export const libraries = {
  earshot({ channel }, watched = (transport) => transport) {
    const hub = createHub({ transport: watched(broadcastChannel({ name: channel })) })
    return {
      Around: ({ children }) => <EarshotProvider hub={hub}>{children}</EarshotProvider>,
      Reader: () => <Shown messages={useTopic('numbers').messages.map(({ data }) => data)} />,
      Listener() {
        useSubscription('numbers', ({ data }) => hear(data))
        return null
      },
    }
  },

  // As most are written: a state, an effect, a channel.
  'hand-written'({ channel }) {
    function useMessages() {
      const [messages, set] = useState([])
      useEffect(() => {
        const own = new BroadcastChannel(channel)
        own.onmessage = ({ data }) => set(append(data))
        return () => own.close()
      }, [])
      return messages
    }
    return {
      Around: Fragment,
      Reader: () => <Shown messages={useMessages()} />,
      Listener() {
        const last = useMessages().at(-1)
        useEffect(() => {
          if (last) hear(last)
        }, [last])
        return null
      },
    }
  },

  'use-broadcast-channel'({ channel }) {
    return {
      Around: Fragment,
      Reader() {
        const [messages, set] = useState([])
        useBroadcastChannel(channel, ({ data }) => set(append(data)))
        return <Shown messages={messages} />
      },
      Listener() {
        useBroadcastChannel(channel, ({ data }) => hear(data))
        return null
      },
    }
  },

  // As its guide has it: the last message is state, and an effect keeps a history of it.
  'react-use-websocket'({ url }) {
    return {
      Around: Fragment,
      Reader() {
        const [messages, set] = useState([])
        const { lastJsonMessage: last } = useWebSocket(url, { share: true })
        useEffect(() => {
          if (last) set(append(last))
        }, [last])
        return <Shown messages={messages} />
      },
      Listener() {
        const { lastJsonMessage: last } = useWebSocket(url, { share: true })
        useEffect(() => {
          if (last) hear(last)
        }, [last])
        return null
      },
    }
  },

  'react-use-websocket, onMessage'({ url }) {
    const options = { share: true, filter: () => false }
    return {
      Around: Fragment,
      Reader() {
        const [messages, set] = useState([])
        useWebSocket(url, { ...options, onMessage: ({ data }) => set(append(JSON.parse(data))) })
        return <Shown messages={messages} />
      },
      Listener() {
        useWebSocket(url, { ...options, onMessage: ({ data }) => hear(JSON.parse(data)) })
        return null
      },
    }
  },
}

function Shown({ messages }) {
  rendered()
  useLayoutEffect(committed)
  return (
    <p>
      {messages.length} {messages.at(-1)?.n}
    </p>
  )
}
