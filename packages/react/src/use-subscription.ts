import type { Message, MessageOf, Patterns, Subscription, TopicHint } from '@earshot/core'
import { useEffect } from 'react'
import { useMade } from './earshot-provider.ts'
import { createListening, type ListenOptions } from './listening.ts'
import type { Topics } from './register.ts'
import { useBrowserLayoutEffect } from './use-browser-layout-effect.ts'
import { useRetained } from './use-retained.ts'

/**
 * Calls `listener` with every message of a pattern, and renders nothing. A new listener or new options never subscribe again: the last listener
 * is called, and of the options those count that were there when the subscription began – callbacks among them are the last ones, too.
 * @throws `invalid-pattern`, `invalid-options`, `session-closed` while mounting
 */
export function useSubscription<const Pattern extends TopicHint<Topics>>(
  pattern: Patterns<Topics, Pattern>,
  listener: (message: MessageOf<Topics, Pattern>, subscription: Subscription) => unknown,
  options?: ListenOptions,
): void
export function useSubscription(
  pattern: string | readonly string[],
  listener: (message: Message, subscription: Subscription) => unknown,
  options: ListenOptions = {},
): void {
  const listening = useMade(createListening, [pattern].flat().join('\n'))
  useBrowserLayoutEffect(() => listening.hear(listener, options))
  useRetained(listening.retain)
  // Suspense undoes layout effects: who is hidden by it goes on hearing.
  useEffect(() => listening.deafen, [listening])
}
