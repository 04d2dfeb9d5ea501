import { describe, expect, it } from 'vitest'
import { glob } from '../../src/hub/glob.ts'
import { refusal } from '../support/refusal.ts'

describe('glob', () => {
  it.each<[string, string[], string[]]>([
    ['typing', ['typing'], ['Typing', 'typing2', '']],
    ['ev*', ['ev', 'event', 'ev*'], ['e', 'sev', 'Ev']],
    ['*', ['a', '', 'a.b', '\n'], []],
    ['*ing', ['ing', 'typing'], ['typing!']],
    ['a*c*e', ['ace', 'abcde', 'acce'], ['aec', 'ac']],
    ['e?', ['ev', 'e?', 'e🦜'], ['e', 'eve']],
    ['[abc]x', ['ax', 'bx', 'cx'], ['dx', 'abx', 'x']],
    ['[a-c]x', ['ax', 'bx'], ['dx', '-x']],
    ['[!a-c]x', ['dx', '!x'], ['ax', 'x']],
    ['[a!]', ['a', '!'], ['b']],
    ['[^a]', ['^', 'a'], ['b']],
    ['[*?]', ['*', '?'], ['a']],
    ['[\\\\]', ['\\'], ['a']],
    ['[[]', ['['], ['a']],
    ['a]', ['a]'], ['a']],
    ['a.b', ['a.b'], ['axb']],
    ['a.*', ['a.', 'a.b'], ['ab']],
    ['(a|b)+$^{1}*', ['(a|b)+$^{1}', '(a|b)+$^{1}x'], ['a', 'aa']],
  ])('%s', (pattern, matching, others) => {
    const test = glob(pattern)
    expect([...matching, ...others].filter(test)).toEqual(matching)
  })

  it.each(['[', 'a[', '[a', 'a[]', '[]', '[!]', '[z-a]'])('refuses %s', pattern => {
    expect(refusal(() => glob(pattern), 'invalid-pattern').details).toEqual({ pattern })
  })
})
