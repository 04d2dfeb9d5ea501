import { EarshotError } from '@earshot/core'
import { createContext, createElement, type Context, type ReactElement, type ReactNode, useContext, useState } from 'react'
import type { AppHub, AppSession } from './register.ts'
import { createSource, type SessionProps, type SessionSource } from './session-source.ts'
import { useBrowserLayoutEffect } from './use-browser-layout-effect.ts'

/** Either a hub, with which the provider opens and closes a session of its own, or a session of yours. */
export type EarshotProviderProps = { children?: ReactNode } & (
  | {
      hub: AppHub
      /** Whom the session belongs to. Another user is another session. */
      userId?: string | undefined
      /** Anything the app wants to find at the session; read when it is opened. */
      data?: unknown
      session?: undefined
    }
  | { session: AppSession; hub?: undefined; userId?: undefined; data?: undefined }
)

const SourceContext: Context<SessionSource | undefined> = createContext<SessionSource | undefined>(undefined)

/** Gives the hooks below it their session. One that it opened is closed 300 ms after it was unmounted. */
export function EarshotProvider({ children, ...props }: EarshotProviderProps): ReactElement {
  const [source, setSource] = useState(() => sourceOf(props))
  const { hub, userId, session } = source.props
  if (hub !== props.hub || userId !== props.userId || session !== props.session) setSource(sourceOf(props))
  useBrowserLayoutEffect(() => {
    if (source.ended) setSource(sourceOf(props))
    return source.retain()
    // Other props of the same session, `data` above all, count when it is opened only.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [source])
  return createElement(SourceContext.Provider, { value: source }, children)
}

/** Where the hooks of this component get their session. */
export function useSource(): SessionSource {
  return needed(useContext(SourceContext))
}

function sourceOf(props: SessionProps): SessionSource {
  return createSource(props, needed(props.hub ?? props.session?.hub))
}

function needed<T>(value: T | undefined): T {
  if (!value) throw new EarshotError('invalid-options', 'no-provider')
  return value
}
