import { PatternIndex } from '@earshot/core'

/** Tells whether a topic is on one of some patterns; each topic is looked up once, so many entries of few topics cost little. */
export function topicFilter(patterns: readonly string[]): (topic: string) => boolean {
  const index = new PatternIndex<true>()
  for (const pattern of patterns) index.set(pattern, true)
  const known = new Map<string, boolean>()
  return topic => {
    let isOn = known.get(topic)
    if (isOn !== undefined) return isOn
    isOn = false
    index.match(topic, () => {
      isOn = true
    })
    known.set(topic, isOn)
    return isOn
  }
}
