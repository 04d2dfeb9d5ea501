import { isEarshotError } from '@earshot/core'
import { useMembers, useTopic } from '@earshot/react'
import { type CSSProperties, type FormEvent, type ReactElement, useLayoutEffect, useRef, useState } from 'react'
import { sameReach } from '../tab/tab.ts'
import { useTyping } from './use-typing.ts'

/** Between tabs, what could not be said for so long has failed, in milliseconds. The way to a relay may be cut for longer. */
const PATIENCE = sameReach ? {} : { timeout: 5000 }

/** What is said in a room. A late tab begins with the last twenty lines. */
export function Chat({ room }: { room: string }): ReactElement {
  const { messages, publish } = useTopic(`rooms/${room}/chat`, { limit: 100, replay: 20 })
  const colors = useMembers(`rooms/${room}`, members => Object.fromEntries(members.map(({ userId = '', data }) => [userId, data.color])))
  const [typing, sayTyping] = useTyping(room)
  const [text, setText] = useState('')
  const end = useRef<HTMLLIElement>(null)
  const last = messages.at(-1)
  useLayoutEffect(() => {
    end.current?.parentElement?.scrollTo({ top: end.current.offsetTop })
  }, [last])
  const send = (event: FormEvent): void => {
    event.preventDefault()
    if (text.trim() === '') return
    publish(text, PATIENCE)
    sayTyping(false)
    setText('')
  }
  return (
    <div className="chat">
      <h3>Chat</h3>
      <ol data-testid="chat" aria-live="polite" aria-label={`Chat in the ${room}`} tabIndex={0}>
        {messages.map(({ id, userId = '', data, status, error }, index) => (
          <li key={id} data-testid="line" data-status={status}>
            {messages[index - 1]?.userId !== userId && (
              <b style={{ '--color': colors[userId] } as CSSProperties}>{userId}</b>
            )}
            <span className="text">{data}</span>
            {status === 'pending' && <small>waiting …</small>}
            {status === 'failed' && (
              <small className="failed">
                not sent{isEarshotError(error) && `: ${error.code}`}{' '}
                <button type="button" className="link" onClick={() => publish(data, PATIENCE)}>
                  again
                </button>
              </small>
            )}
          </li>
        ))}
        {messages.length === 0 && <li className="quiet">Nobody has said anything yet.</li>}
        <li ref={end} className="end" aria-hidden="true" />
      </ol>
      <p className="typing quiet" data-testid="typing" aria-live="polite">
        {typing.length > 0 && `${typing.join(' and ')} ${typing.length > 1 ? 'are' : 'is'} typing …`}
      </p>
      <form className="line" onSubmit={send}>
        <input
          aria-label={`Say something in the ${room}`}
          data-testid="chat-text"
          autoComplete="off"
          value={text}
          placeholder={`Say something in the ${room}`}
          onChange={({ target }) => {
            setText(target.value)
            sayTyping(target.value !== '')
          }}
        />
        <button type="submit" data-testid="chat-send">
          Say
        </button>
      </form>
    </div>
  )
}
