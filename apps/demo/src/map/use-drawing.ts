import { type RefObject, useEffect, useRef } from 'react'
import type { News, Wire } from '../wire/wire.ts'
import type { createDrawing } from './drawing.ts'
import type { Scene } from './place.ts'

// A tab that is alone and silent needs none of it.
const load = async (): Promise<typeof createDrawing> => (await import('./drawing.ts')).createDrawing

/** Draws the news on the map, as they come and without a render. */
export function useDrawing(stage: RefObject<HTMLDivElement | null>, { members, spots }: Scene, wire: Wire): void {
  const scene = useRef<Scene>({ members, spots })
  useEffect(() => {
    // Those who left are drawn a last time where they stood.
    scene.current = { members, spots: new Map([...scene.current.spots, ...spots]) }
    if (members.length > 1) void load()
  }, [members, spots])
  useEffect(() => {
    const element = stage.current
    if (!element) return undefined
    const layer = element.appendChild(document.createElement('div'))
    layer.className = 'effects'
    layer.ariaHidden = 'true'
    let drawing: Promise<(news: News, scene: Scene) => void> | undefined
    const stop = wire.listen(news => {
      drawing ??= load().then(create => create(element, layer))
      void drawing.then(draw => draw(news, scene.current))
    })
    return () => {
      stop()
      layer.remove()
    }
  }, [stage, wire])
}
