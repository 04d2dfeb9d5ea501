import { type DOMAttributes, useEffect, useRef, useState } from 'react'
import type { Point } from '../hub.ts'

/** How far arrow keys move, in thousandths. */
const STEPS = new Map<string, Point>([
  ['ArrowLeft', [-25, 0]],
  ['ArrowRight', [25, 0]],
  ['ArrowUp', [0, -25]],
  ['ArrowDown', [0, 25]],
])
/** Points of one stroke at most: who goes on draws a new one. */
const LONGEST = 400

interface PointerOptions {
  /** Where the pointer is, at most once a frame; `null` when it is gone. */
  onPoint: (point: Point | null) => void
  /** Where it was moved to by keys. */
  onKeyPoint: (point: Point) => void
  onStroke: (points: readonly Point[]) => void
}

/** Follows a pointer, or the arrow keys, over an element. */
export function usePointer(options: PointerOptions): { events: DOMAttributes<HTMLElement>; drawn: readonly Point[] | undefined } {
  const [drawn, setDrawn] = useState<readonly Point[]>()
  const latest = useRef(options)
  const line = useRef<Point[]>(undefined)
  const due = useRef<Point | null>(undefined)
  const frame = useRef(0)
  const keyed = useRef<Point>([500, 500])
  useEffect(() => {
    latest.current = options
  })
  useEffect(() => () => cancelAnimationFrame(frame.current), [])

  const tell = (point: Point | null): void => {
    due.current = point
    frame.current ||= requestAnimationFrame(() => {
      frame.current = 0
      latest.current.onPoint(due.current ?? null)
      setDrawn(line.current && [...line.current])
    })
  }
  const finish = (): void => {
    if (line.current && line.current.length > 1) options.onStroke(line.current)
    line.current = undefined
    setDrawn(undefined)
  }
  const events: DOMAttributes<HTMLElement> = {
    onPointerMove(event) {
      const point = placeOf(event)
      line.current?.push(point)
      if (line.current && line.current.length >= LONGEST) {
        finish()
        line.current = [point]
      }
      tell(point)
    },
    onPointerDown(event) {
      if (event.button !== 0) return
      event.currentTarget.setPointerCapture(event.pointerId)
      line.current = [placeOf(event)]
    },
    onPointerUp: finish,
    onPointerCancel: finish,
    onPointerLeave: () => tell(null),
    onBlur: () => tell(null),
    onKeyDown(event) {
      const [x, y] = keyed.current
      const step = STEPS.get(event.key)
      if (event.key === ' ') options.onStroke([keyed.current, [x + 1, y]])
      else if (step) keyed.current = [clamp(x + step[0]), clamp(y + step[1])]
      else return
      event.preventDefault()
      options.onKeyPoint(keyed.current)
      tell(keyed.current)
    },
  }
  return { events, drawn }
}

function placeOf({ currentTarget, clientX, clientY }: { currentTarget: Element; clientX: number; clientY: number }): Point {
  const { left, top, width, height } = currentTarget.getBoundingClientRect()
  return [clamp(((clientX - left) / width) * 1000), clamp(((clientY - top) / height) * 1000)]
}

function clamp(value: number): number {
  return Math.min(1000, Math.max(0, Math.round(value)))
}
