import { isEarshotError } from '@earshot/core'
import { useSession } from '@earshot/react'
import { type FormEvent, type ReactElement, useState } from 'react'
import type { Entry } from '../log/use-log.ts'

/** Whom a message is for. */
type Target = 'all' | 'others' | 'user' | 'topic'

const TARGETS: readonly [Target, string][] = [
  ['all', 'Everyone'],
  ['others', 'Everyone but me'],
  ['user', 'One person'],
  ['topic', 'A topic'],
]

/** Sends to all, to others, to one person, or to a topic. */
export function Send({ users, onSent }: { users: readonly string[]; onSent: (entry: Omit<Entry, 'key'>) => void }): ReactElement {
  const session = useSession()
  const [target, setTarget] = useState<Target>('all')
  const [user, setUser] = useState('')
  const [topic, setTopic] = useState('news')
  const [text, setText] = useState('hello')
  const [refusal, setRefusal] = useState('')
  const to = users.includes(user) ? user : (users[0] ?? '')

  const send = (event: FormEvent): void => {
    event.preventDefault()
    try {
      if (target === 'all') session.broadcast(text)
      else if (target === 'others') session.broadcast(text, { echo: false })
      else if (target === 'user') session.broadcast(text, { to })
      else session.publish(`topics/${topic}`, text)
      setRefusal('')
      const where = { all: 'everyone', others: 'everyone but me', user: to, topic: `topics/${topic}` }[target]
      onSent({ direction: 'sent', where, who: 'me', text, latency: undefined })
    } catch (error) {
      if (!isEarshotError(error, 'invalid-topic')) throw error
      setRefusal(`topics/${topic} is no topic: its levels, joined by /, are neither empty nor wildcards (${error.reason}).`)
    }
  }

  return (
    <section className="card" aria-labelledby="send-title">
      <h2 id="send-title">Send</h2>
      <form onSubmit={send}>
        <fieldset className="targets">
          <legend>To</legend>
          {TARGETS.map(([value, label]) => (
            <label key={value} className="choice">
              <input data-testid={`to-${value}`} type="radio" name="target" checked={target === value} onChange={() => setTarget(value)} />
              {label}
            </label>
          ))}
        </fieldset>
        {target === 'user' && (
          <label>
            Person
            <select data-testid="send-user" value={to} onChange={event => setUser(event.target.value)}>
              {users.map(each => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
        )}
        {target === 'topic' && (
          <label>
            Topic: topics/
            <input data-testid="send-topic" value={topic} onChange={event => setTopic(event.target.value)} />
          </label>
        )}
        <div className="row">
          <label className="grow">
            Message
            <input data-testid="send-text" value={text} onChange={event => setText(event.target.value)} />
          </label>
          <button data-testid="send" type="submit">
            Send
          </button>
        </div>
        <p className="refusal" role="alert" data-testid="refusal">
          {refusal}
        </p>
      </form>
    </section>
  )
}
