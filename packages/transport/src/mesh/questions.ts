import type { Clock } from '@earshot/core'
import { promptly } from '../page/promptly.ts'
import type { Kept } from './history-rings.ts'

/** The longest that an answer is waited for. */
const ANSWER_LIMIT = 1000

/** What a sibling answered. */
export interface Answer {
  readonly kept: readonly Kept[]
  /** It has the message that was named. */
  readonly has: boolean
}

interface Question {
  readonly waiting: Set<string>
  readonly answers: Answer[]
  done(): void
}

/** Questions to all siblings: answered when each has answered or gone. */
export class Questions {
  readonly #clock: Clock
  readonly #open = new Map<number, Question>()
  #asked = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Asks all by posting the question's number; waits for these siblings, for a second at most. */
  ask(nodes: readonly string[], post: (id: number) => void): Promise<Answer[]> {
    // Also with nobody to wait for: one who is not known yet introduces itself.
    if (nodes.length === 0) {
      post(0)
      return Promise.resolve([])
    }
    return new Promise(resolve => {
      const id = ++this.#asked
      const cancel = promptly(this.#clock, ANSWER_LIMIT, () => question.done())
      const question: Question = {
        waiting: new Set(nodes),
        answers: [],
        done: () => {
          cancel()
          this.#open.delete(id)
          resolve(question.answers)
        },
      }
      this.#open.set(id, question)
      post(id)
    })
  }

  /** Who was not asked is not heard. */
  answered(id: number, node: string, answer: Answer): void {
    const question = this.#open.get(id)
    if (!question?.waiting.has(node)) return
    question.answers.push(answer)
    settle(question, node)
  }

  /** Nobody waits for this sibling any more. */
  went(node: string): void {
    for (const question of [...this.#open.values()]) settle(question, node)
  }

  /** Nobody waits for anyone any more. */
  end(): void {
    for (const question of [...this.#open.values()]) question.done()
  }
}

function settle(question: Question, node: string): void {
  if (question.waiting.delete(node) && question.waiting.size === 0) question.done()
}
