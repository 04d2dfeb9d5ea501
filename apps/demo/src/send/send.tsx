import { useSession } from '@earshot/react'
import { type FormEvent, type ReactElement, useState } from 'react'
import { say } from '../wire/say.ts'
import type { Wire } from '../wire/wire.ts'

/** Whom a message is for. */
type Target = 'all' | 'others' | 'user' | 'topic'

const TARGETS: readonly [Target, string][] = [
  ['all', 'Everyone'],
  ['others', 'Others'],
  ['user', 'One person'],
  ['topic', 'A topic'],
]

interface SendProps {
  users: readonly string[]
  /** Who was picked, here or on the map. */
  picked: string
  onPick: (user: string) => void
  wire: Wire
}

/** Sends to all, to others, to one person, or to a topic. */
export function Send({ users, picked, onPick, wire }: SendProps): ReactElement {
  const session = useSession()
  const [target, setTarget] = useState<Target>('all')
  const [topic, setTopic] = useState('news')
  const [text, setText] = useState('hello')
  const [refusal, setRefusal] = useState('')
  const to = users.includes(picked) ? picked : (users[0] ?? '')
  // Picking a tab on the map picks its person here.
  const [seen, setSeen] = useState(picked)
  if (seen !== picked) {
    setSeen(picked)
    if (picked !== '') setTarget('user')
  }

  const send = (event: FormEvent): void => {
    event.preventDefault()
    const [where, publish] = {
      all: ['everyone', () => session.broadcast(text)] as const,
      others: ['everyone but me', () => session.broadcast(text, { echo: false })] as const,
      user: [to, () => session.broadcast(text, { to })] as const,
      topic: [`topics/${topic}`, () => session.publish(`topics/${topic}`, text)] as const,
    }[target]
    setRefusal(say(wire, where, text, publish))
  }

  return (
    <form className="send" onSubmit={send} aria-label="Send">
      <div className="line">
        <input aria-label="Message" data-testid="send-text" autoComplete="off" value={text} onChange={event => setText(event.target.value)} />
        <button data-testid="send" type="submit">
          Send
        </button>
      </div>
      <fieldset className="targets">
        <legend className="sr">To whom</legend>
        {TARGETS.map(([value, label]) => (
          <label key={value}>
            <input
              className="sr"
              data-testid={`to-${value}`}
              type="radio"
              name="target"
              checked={target === value}
              onChange={() => setTarget(value)}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      {target === 'user' && (
        <select aria-label="Person" data-testid="send-user" value={to} onChange={event => onPick(event.target.value)}>
          {users.map(each => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
      {target === 'topic' && (
        <label className="topic">
          topics/
          <input aria-label="Topic" data-testid="send-topic" autoComplete="off" value={topic} onChange={event => setTopic(event.target.value)} />
        </label>
      )}
      <p className="refusal" role="alert" data-testid="refusal">
        {refusal}
      </p>
    </form>
  )
}
