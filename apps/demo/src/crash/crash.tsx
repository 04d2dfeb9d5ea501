import { useSession } from '@earshot/react'
import { type ReactElement, useState } from 'react'
import { pane } from '../tab/tab.ts'
import { Trial } from '../trials/trial.tsx'
import { useKeptFocus } from '../ui/use-kept-focus.ts'

const CRASH = {
  title: 'Crash this tab',
  text: 'A real crash: the renderer’s process dies. The others see the lock it held come free, and say how long that took.',
  act: 'Crash this tab …',
  warning: 'You will see the browser’s crash page; reload it to come back.',
  sure: 'Yes, crash it',
}
const CUT = {
  title: 'Cut this pane off',
  text: 'A pane shares its process with the page and cannot crash alone. Its frame is removed with no goodbye, which looks the same to the others.',
  act: 'Cut it off …',
  warning: 'This half of the page goes away; it can be brought back.',
  sure: 'Yes, cut it off',
}
const TEXTS = pane === '' ? CRASH : CUT

type Step = 'asked' | 'spared' | 'ending' | 'withstood'

/** Ends this tab without a goodbye, once one is sure. */
export function Crash({ tabs }: { tabs: number }): ReactElement {
  const session = useSession()
  const [step, setStep] = useState<Step>()
  const focused = useKeptFocus(step)
  const end = (): void => {
    setStep('ending')
    // What a browser throws instead of crashing says the same as nothing.
    void import('./end.ts').then(({ endSuddenly }) => endSuddenly(session)).catch(() => {}).then(() => pane === '' && setStep('withstood'))
  }
  return (
    <Trial title={TEXTS.title} code="// nothing: a lock comes free" text={TEXTS.text}>
      {step === 'asked' ? (
        <div role="alert" className="sure">
          <p>
            {TEXTS.warning}
            {tabs < 2 && ' There is no other tab that could notice.'}
          </p>
          <button ref={focused} type="button" className="bad" data-testid="crash-sure" onClick={end}>
            {TEXTS.sure}
          </button>
          <button type="button" className="plain" onClick={() => setStep('spared')}>
            Better not
          </button>
        </div>
      ) : (
        <button ref={focused} type="button" className="plain" data-testid="crash" disabled={step === 'ending'} onClick={() => setStep('asked')}>
          {TEXTS.act}
        </button>
      )}
      {step === 'withstood' && <p role="status">This browser withstood it. Close the tab, or end its process in the browser’s task manager.</p>}
    </Trial>
  )
}
