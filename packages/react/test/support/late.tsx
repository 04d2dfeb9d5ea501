import { act } from '@testing-library/react'
import { type ReactElement, type ReactNode, Suspense, useState } from 'react'
import { waiting } from './suspend.ts'

/** A Suspense boundary whose fallback a test shows and takes away, without rendering what it hides. */
export interface Late {
  /** The boundary around what a test shows. */
  readonly within: (children: ReactNode) => ReactElement
  /** Shows the fallback, as something beside the children waits. */
  hide(): void
  /** Ends the waiting. */
  reveal(): Promise<void>
}

export function late(): Late {
  const { suspend, end } = waiting()
  let hide = (): void => {}
  function Waiting(): null {
    suspend()
    return null
  }
  function Within({ children }: { children: ReactNode }): ReactElement {
    const [isLate, setLate] = useState(false)
    hide = () => setLate(true)
    return (
      <Suspense fallback={<i>wait</i>}>
        {children}
        {isLate && <Waiting />}
      </Suspense>
    )
  }
  return {
    within: children => <Within>{children}</Within>,
    hide: () => act(() => hide()),
    reveal: () => act(async () => end()),
  }
}
