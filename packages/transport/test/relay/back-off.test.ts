import { describe, expect, it } from 'vitest'
import { retryDelay } from '../../src/relay/back-off.ts'

const ALMOST = 1 - 2 ** -53

describe('the wait before attempt', () => {
  const most = [0, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000]

  it.each(most.map((limit, attempt) => [attempt, limit] as const))('%d is anything up to %d ms', (attempt, limit) => {
    const waits = [0, 0.25, 0.5, ALMOST].map(random => retryDelay({ attempt, spread: undefined, random: () => random }))
    expect(waits).toEqual([0, limit / 4, limit / 2, limit])
  })

  it('2000 is a number', () => {
    expect(retryDelay({ attempt: 2000, spread: undefined, random: () => ALMOST })).toBe(20_000)
  })
})

describe('the wait after the relay has closed on purpose', () => {
  it.each([
    ['the time that it names', 0, 3000, 3000],
    ['five seconds, when it names none', 0, 0, 5000],
    ['the back-off, when that is longer', 4, 3000, 8000],
    ['the time that it names, when that is longer', 4, 60_000, 60_000],
  ])('is anything up to %s', (_, attempt, spread, limit) => {
    const waits = [0, 0.5, ALMOST].map(random => retryDelay({ attempt, spread, random: () => random }))
    expect(waits).toEqual([0, limit / 2, limit])
  })
})
