import { createHub, type EarshotError, type HubOptions } from '@earshot/core'
import { testClock, type TestClock } from '@earshot/core/testing'
import { act, render, type RenderOptions, type RenderResult } from '@testing-library/react'
import { Component, type ReactNode } from 'react'
import { type AppHub, EarshotProvider } from '../../src/index.ts'
import { type TestFrames, testFrames } from './frames.ts'

/** A page for hooks: a hub whose time and frames a test moves. */
export interface Stage {
  readonly hub: AppHub
  readonly clock: TestClock
  readonly frames: TestFrames
  /** What reached the hub's `error` event. */
  readonly errors: EarshotError[]
  /** Puts things within the provider that `show` uses. */
  readonly wrapper: (props: { children: ReactNode }) => ReactNode
  /** Shows components within a provider, under StrictMode unless told otherwise. */
  show(children: ReactNode, options?: RenderOptions): Showing
  /** Moves time on. */
  pass(ms: number): Promise<void>
}

interface Showing extends RenderResult {
  /** Shows something else within the same provider. */
  change(children: ReactNode): void
}

export function stage(options: HubOptions = {}): Stage {
  const clock = testClock()
  const errors: EarshotError[] = []
  const hub: AppHub = createHub({ clock, onError: error => errors.push(error), ...options })
  const wrapper: Stage['wrapper'] = ({ children }) => <EarshotProvider hub={hub}>{children}</EarshotProvider>
  return {
    hub,
    wrapper,
    clock,
    frames: testFrames(),
    errors,
    show(children, renderOptions) {
      const shown = render(children, { wrapper, ...renderOptions })
      return { ...shown, change: shown.rerender }
    },
    pass: ms => act(() => clock.advance(ms)),
  }
}

/** Shows the text of what its children throw. */
export class Boundary extends Component<{ children: ReactNode }, { text?: string }> {
  static getDerivedStateFromError(error: unknown): { text: string } {
    return { text: String(error) }
  }

  override state: { text?: string } = {}

  override render(): ReactNode {
    return this.state.text ?? this.props.children
  }
}
