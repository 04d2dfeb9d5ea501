import { duration } from '../wire/latency.ts'
import type { News } from '../wire/wire.ts'
import { Effects } from './effects.ts'
import type { Scene, Spot } from './place.ts'

type Reached = Extract<News, { type: 'reached' }>

/** Draws on a layer of the map what each news is about. */
export function createDrawing(stage: HTMLElement, layer: HTMLElement): (news: News, scene: Scene) => void {
  const effects = new Effects(layer)

  /** A tab pricks up its ears, or shakes its head. */
  const move = (id: string, how: 'hears' | 'shakes'): void => {
    const node = stage.querySelector(`[data-node="${CSS.escape(id)}"]`)
    node?.classList.remove(how)
    // Looked at in between, it begins anew.
    void node?.clientTop
    node?.classList.add(how)
  }

  const reach = ({ by, from, count, dropped, latency }: Reached, at: Spot, to: Spot | undefined, color: string, via: readonly Spot[]): void => {
    if (!to) return
    if (dropped > 0) effects.word([to[0], to[1] - 5], `${dropped} dropped`, 'bad')
    if (by === from) return
    effects.spark(at, to, color, count, via, () => {
      move(by, 'hears')
      effects.word(to, count > 1 ? `×${count}` : duration(latency), 'good')
    })
  }

  return (news, { members, spots }) => {
    const self = stage.querySelector<HTMLElement>('[data-self]')?.dataset['node'] ?? ''
    const subject = subjectOf(news) ?? self
    const at = spots.get(subject)
    if (!at) return
    const color = members.find(({ id }) => id === subject)?.data.color ?? 'currentColor'
    if (news.type === 'sent' || (news.type === 'heard' && news.from !== self)) effects.ring(at, color)
    else if (news.type === 'murmur') effects.murmur(subject, at, color)
    else if (news.type === 'reached') reach(news, at, spots.get(news.by), color, [...wayOf(stage, subject), ...wayOf(stage, news.by).reverse().slice(1)])
    else if (news.type === 'left') {
      if (news.sudden) effects.ring(at, 'var(--bad)', 0.5)
      effects.word(at, news.text, news.sudden ? 'bad' : 'good')
    } else if (news.type === 'rung') {
      effects.ring(at, 'var(--gold)')
      effects.word(at, 'ding!', 'good')
    } else if (news.type === 'refused' || news.type === 'trouble') {
      move(self, 'shakes')
      effects.word(at, news.type, 'bad')
    }
  }
}

/** Where a tab's message passes if tabs share a socket: along the thread to whoever has it, and the socket to the relay. */
function wayOf(stage: HTMLElement, id: string): Spot[] {
  const line = stage.querySelector<SVGLineElement>(`[data-of="${CSS.escape(id)}"]`)
  if (!line) return []
  const { x2, y2 } = line
  const end: Spot = [x2.baseVal.value, y2.baseVal.value]
  const socket = line.matches('.thread') && [...stage.querySelectorAll<SVGLineElement>('.socket')].find(({ x1, y1 }) => x1.baseVal.value === end[0] && y1.baseVal.value === end[1])
  return socket ? [end, [socket.x2.baseVal.value, socket.y2.baseVal.value]] : [end]
}

/** The session that some news are about; none says that it is this one. */
function subjectOf(news: News): string | undefined {
  if ('from' in news) return news.from
  if (news.type === 'came' || news.type === 'left') return news.id
  return news.type === 'rung' ? news.by : undefined
}
