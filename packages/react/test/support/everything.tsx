import type { Message } from '@earshot/core'
import { type ReactElement, useEffect } from 'react'
import {
  useClaim,
  useConnection,
  useEnter,
  useLeader,
  useMember,
  useMembers,
  usePresence,
  usePresenceCount,
  usePublish,
  useSession,
  useSharedState,
  useSubscription,
  useTopic,
} from '../../src/index.ts'
import { recordingTransport, type RecordingTransport } from './recording-transport.ts'

/** What `Everything` makes a transport hear, once. */
export const ONCE = [
  'open s1',
  'lead',
  'watch room',
  'watch hall',
  'claim id',
  'listen s1 theme',
  'listen s1 chat',
  'enter s1 {"name":"Ada"}',
  'enter s1 {"at":{"x":1}}',
]

/** What it hears when `Everything` has gone. */
export const UNDONE = ['leave s1', 'leave s1', 'unlisten s1 chat', 'unlisten s1 theme', 'unwatch room', 'unwatch hall', 'yield']

/** A transport that writes down also what it is asked to watch, to lead and to claim. */
export function countingTransport(): RecordingTransport {
  const claimed = new Set<string>()
  const transport: RecordingTransport = recordingTransport({
    watch(topic, on) {
      transport.told.push(`${on ? 'watch' : 'unwatch'} ${topic}`)
      return Promise.resolve()
    },
    lead() {
      transport.told.push('lead')
      return () => transport.told.push('yield')
    },
    async claim(id, task) {
      if (claimed.has(id)) return false
      transport.told.push(`claim ${id}`)
      claimed.add(id)
      await task()
      return true
    },
  })
  return transport
}

/** Uses every hook, each with functions and options that are new at each render. */
export function Everything({ hear, rendered }: { hear?: (message: Message) => unknown; rendered?: () => unknown }): ReactElement {
  const { messages, publish } = useTopic('chat', { limit: 10, filter: () => true })
  const { selected } = useTopic('chat', { select: all => ({ count: all.length }) })
  const { members } = usePresence('room', { name: 'Ada' })
  useEnter('hall', { at: { x: 1 } })
  const member = useMember('room', useSession().id, ({ data }) => ({ data }))
  const names = useMembers('room', all => all.map(({ id }) => id), (one, other) => one.length === other.length)
  const count = usePresenceCount('room')
  const [theme] = useSharedState('theme', { color: 'light' })
  useClaim('id', () => {})
  useSubscription('chat', message => hear?.(message), { onDrop: () => {} })
  usePublish('chat')
  useEffect(() => void rendered?.())
  return (
    <button onClick={() => publish('hi')}>
      {[useConnection().state, useLeader(), messages.length, selected.count, members.length, !!member, names.length, count].join(' ')}
      {JSON.stringify(theme)}
    </button>
  )
}
