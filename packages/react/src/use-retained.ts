import { type EffectCallback, useEffect } from 'react'
import { useBrowserLayoutEffect } from './use-browser-layout-effect.ts'

/**
 * Retains while the component is mounted: from before any `useEffect` runs, by the layout effect, and while Suspense hides it, by the other
 * one. Suspense undoes layout effects alone; `<Activity>` undoes both.
 * @param retain the same function until there is something else to retain
 */
export function useRetained(retain: EffectCallback): void {
  useBrowserLayoutEffect(retain, [retain])
  useEffect(retain, [retain])
}
