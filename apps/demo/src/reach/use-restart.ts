import { useEffect, useState } from 'react'

/** Only the demo's own server can restart its relay. */
const URL = '/demo/restart-relay'

/** Restarts the relay; `undefined` where nobody can. */
export interface Restart {
  readonly isBusy: boolean
  readonly run: () => void
}

/** Asks the server, once there is a relay, whether it can be restarted. */
export function useRestart(isConnected: boolean): Restart | undefined {
  const [state, setState] = useState<'unknown' | 'absent' | 'ready' | 'busy'>('unknown')
  useEffect(() => {
    if (!isConnected || state !== 'unknown') return
    fetch(URL).then(({ status }) => setState(status === 204 ? 'ready' : 'absent'), () => setState('absent'))
  }, [isConnected, state])
  if (state === 'unknown' || state === 'absent') return undefined
  const ready = (): void => {
    setState('ready')
    // As a browser says it: who has asked for it does not wait for the next attempt.
    window.dispatchEvent(new Event('online'))
  }
  return {
    isBusy: state === 'busy',
    run: () => {
      setState('busy')
      fetch(URL, { method: 'POST' }).then(ready, ready)
    },
  }
}
