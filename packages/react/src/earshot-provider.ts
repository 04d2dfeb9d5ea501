import { createContext, createElement, type Context, type ReactElement, type ReactNode, useContext, useMemo, useState } from 'react'
import type { AppHub, AppSession } from './register.ts'
import { createSource, type SessionSource } from './session-source.ts'
import { useBrowserLayoutEffect } from './use-browser-layout-effect.ts'
import { useRetained } from './use-retained.ts'

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
  const create = (): SessionSource => createSource(props)
  const [source, setSource] = useState(create)
  const { hub, userId, session } = source.props
  if (hub !== props.hub || userId !== props.userId || session !== props.session) setSource(create)
  useRetained(source.retain)
  useBrowserLayoutEffect(() => {
    if (source.ended) setSource(create)
    // Other props of the same session, `data` above all, count when it is opened only.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [source])
  return createElement(SourceContext.Provider, { value: source }, children)
}

/** Where the hooks of this component get their session. */
export function useSource(): SessionSource {
  return useContext(SourceContext) ?? createSource({})
}

/** What a component makes once for a session and a key. */
export function useMade<Thing>(create: (source: SessionSource, key: string) => Thing, key: string): Thing {
  const source = useSource()
  return useMemo(() => create(source, key), [source, create, key])
}
