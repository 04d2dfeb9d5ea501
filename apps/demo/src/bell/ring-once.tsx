import { useSession } from '@earshot/react'
import { type ReactElement, useState } from 'react'
import { Trial } from '../trials/trial.tsx'
import { say } from '../wire/say.ts'
import type { Wire } from '../wire/wire.ts'

/** Asks all tabs to ring: one does. */
export function RingOnce({ wire }: { wire: Wire }): ReactElement {
  const session = useSession()
  const [sound, setSound] = useState(false)
  const ring = (): void => void say(wire, 'bell/ring', 'ring', () => session.publish('bell/ring', { id: `${session.id}:${Date.now()}`, sound }))
  return (
    <Trial title="Ring once" code="session.claim(id, ring)" text="Every tab hears the bell, and all of them want to ring. One does.">
      <button type="button" className="plain" data-testid="ring" onClick={ring}>
        Ring
      </button>
      <label className="check">
        <input type="checkbox" checked={sound} onChange={({ target }) => setSound(target.checked)} />
        with sound
      </label>
    </Trial>
  )
}
