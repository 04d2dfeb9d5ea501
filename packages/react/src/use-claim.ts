import { useEffect, useRef } from 'react'
import { useSource } from './earshot-provider.ts'
import { claim } from './claim.ts'
import { useBrowserLayoutEffect } from './use-browser-layout-effect.ts'

/**
 * Runs `task` in one tab of the browser only – at most once in 60 s for this id, while that tab lives –, when mounted and when `id` changes.
 * No id, no claim. What `task` throws, and `unsupported` where tabs cannot agree, reaches the hub's `error` event. Without a transport it runs here.
 * @throws `session-closed`, `hub-closed` while mounting
 */
export function useClaim(id: string | undefined | null, task: () => unknown): void {
  const source = useSource()
  const latest = useRef(task)
  useBrowserLayoutEffect(() => {
    latest.current = task
  })
  useEffect(() => {
    if (id !== undefined && id !== null && !source.ended) claim(source.session, id, () => latest.current())
  }, [source, id])
}
