// A thousand components, each of which shows one member, over our hooks and over a hand-written one; and rosters without components.
import { createHub } from '@earshot/core'
import { EarshotProvider, useMember, usePresenceCount } from '@earshot/react'
import { Presence } from 'phoenix'
import { Fragment, useEffect, useLayoutEffect, useState, useSyncExternalStore } from 'react'
import { committed, rendered } from './counts.mjs'

/** A hub whose siblings are made up: `member` is what a transport tells of one of them. */
function hubOfMany(count) {
  let link
  const nothing = { messages: [], gap: false }
  const transport = {
    connect(given) {
      link = given
      return {
        openSession: (session) => session.identify('self', 1),
        closeSession() {},
        publish() {},
        interest() {},
        presence() {},
        watch: async () => {},
        sync: async () => {},
        history: async () => nothing,
        occupancy: async () => 0,
        capabilities: {},
        close: async () => {},
      }
    },
  }
  const hub = createHub({ transport })
  const session = hub.openSession()
  const presence = session.presence('room')
  let clock = 0
  const change = (index, x) => link.member('room', { id: `m${index}`, userId: undefined, data: { x }, since: 0, clock: ++clock })
  for (let index = 0; index < count; index++) change(index, 0)
  return { hub, session, presence, change }
}

/** By library: what shows a crowd, and how one of it changes. */
export const crowds = {
  earshot(count) {
    const { session, change } = hubOfMany(count)
    return {
      change,
      Around: ({ children }) => <EarshotProvider session={session}>{children}</EarshotProvider>,
      One: ({ index }) => <Shown member={useMember('room', `m${index}`)} />,
    }
  },

  'earshot, usePresenceCount'(count) {
    const { session, change } = hubOfMany(count)
    function Count() {
      rendered()
      useLayoutEffect(committed)
      return <p>{usePresenceCount('room')}</p>
    }
    return { change, Around: ({ children }) => <EarshotProvider session={session}>{children}</EarshotProvider>, One: Count }
  },

  // As most are written: each component keeps all members and picks its own.
  'hand-written'(count) {
    const { presence, change } = hubOfMany(count)
    function useMembers() {
      const [members, set] = useState(presence.members)
      useEffect(() => presence.subscribe(() => set(presence.members)), [])
      return members
    }
    return { change, Around: Fragment, One: ({ index }) => <Shown member={useMembers().find(({ id }) => id === `m${index}`)} /> }
  },

  // What React itself takes: a store that knows the one component and nothing else.
  'a bare useSyncExternalStore'() {
    let member = { data: { x: 0 } }
    const listeners = new Map()
    const subscribe = (index) => (changed) => {
      listeners.set(index, changed)
      return () => listeners.delete(index)
    }
    const now = () => member
    return {
      change(index, x) {
        member = { data: { x } }
        listeners.get(index)()
      },
      Around: Fragment,
      One({ index }) {
        const [own] = useState(() => subscribe(index))
        return <Shown member={useSyncExternalStore(own, now)} />
      },
    }
  },

  // It has no hooks: its list becomes state at each change.
  phoenix(count) {
    const told = {}
    const presence = new Presence({ on: (event, callback) => (told[event] = callback), joinRef: () => '1' })
    let refs = 0
    const meta = (x) => ({ metas: [{ phx_ref: String(++refs), x }] })
    const state = Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, meta(0)]))
    told.presence_state(state)
    function usePresenceList() {
      const [list, set] = useState(() => presence.list())
      useEffect(() => presence.onSync(() => set(presence.list())), [])
      return list
    }
    return {
      change(index, x) {
        const id = `m${index}`
        const [joins, leaves] = [{ [id]: meta(x) }, { [id]: state[id] }]
        state[id] = joins[id]
        told.presence_diff({ joins, leaves })
      },
      Around: Fragment,
      One: ({ index }) => <Shown member={{ data: usePresenceList()[index].metas[0] }} />,
    }
  },
}

function Shown({ member }) {
  rendered()
  useLayoutEffect(committed)
  return <p>{member?.data.x}</p>
}
