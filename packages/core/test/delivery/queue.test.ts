import { describe, expect, it } from 'vitest'
import { createHub } from '@earshot/core'
import { HubMessage } from '../../src/delivery/message.ts'
import { MessageQueue } from '../../src/delivery/queue.ts'
import { refusal } from '../support/refusal.ts'

function message(topic: string, data: unknown): HubMessage {
  return new HubMessage(topic, data, { id: 's', userId: undefined, key: 's.1' }, 0, 1)
}

function drain(queue: MessageQueue): unknown[] {
  const items: unknown[] = []
  for (let item = queue.shift(); item; item = queue.shift()) items.push(item.data)
  return items
}

describe('MessageQueue', () => {
  it('gives back what it dropped', () => {
    const [newest, oldest, latest] = (['drop-newest', 'drop-oldest', 'latest'] as const).map(overflow => new MessageQueue({ capacity: 1, overflow }))
    for (const queue of [newest, oldest, latest]) expect(queue?.push(message('a', 1))).toBeUndefined()
    expect(newest?.push(message('a', 2))?.data).toBe(2)
    expect(oldest?.push(message('a', 2))?.data).toBe(1)
    expect(latest?.push(message('b', 2))?.data).toBe(1)
    expect([newest, oldest, latest].map(queue => queue && drain(queue))).toEqual([[1], [2], [2]])
  })

  it('with latest moves a topic that comes again to the end', () => {
    const queue = new MessageQueue({ capacity: 3, overflow: 'latest' })
    for (const [topic, data] of [['a', 1], ['b', 2], ['a', 3]] as const) queue.push(message(topic, data))
    expect(queue.size).toBe(2)
    expect(drain(queue)).toEqual([2, 3])
  })

  it('stays in order over many pushes and shifts', () => {
    const queue = new MessageQueue({ capacity: 1000 })
    const read: unknown[] = []
    let next = 0
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 37; i++) queue.push(message('a', next++))
      for (let i = 0; i < 33; i++) read.push(queue.shift()?.data)
    }
    expect(queue.size).toBe(200)
    expect([...read, ...drain(queue)]).toEqual(Array.from({ length: next }, (_, index) => index))
    expect(queue.shift()).toBeUndefined()
  })

  it('is empty after clear', () => {
    const queue = new MessageQueue({})
    queue.push(message('a', 1))
    queue.clear()
    expect([queue.size, queue.shift()]).toEqual([0, undefined])
  })

  it('names the value that it refuses', () => {
    expect(refusal(() => new MessageQueue({ capacity: -1 }), 'invalid-options')).toMatchObject({
      message: 'capacity is -1: it must be a whole number, 0 or more',
      details: { name: 'capacity', value: -1 },
    })
    expect(refusal(() => createHub({ capacity: 0.5 })).message).toContain('0.5')
  })
})
