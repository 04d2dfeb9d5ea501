import { type RefObject, useEffect, useRef } from 'react'

/** Where one button takes another's place: gives a ref for both. The one there is has the focus from the first step on; before there is one, nothing has. */
export function useKeptFocus(step: unknown): RefObject<HTMLButtonElement | null> {
  const focused = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (step !== undefined) focused.current?.focus()
  }, [step])
  return focused
}
