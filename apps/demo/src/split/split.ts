import './split.css'

// A page with two live panes: each is a session of its own, as two tabs are. This page itself has none.

const { search } = location

// Panes reach as far as this page is asked to.
for (const frame of document.querySelectorAll('iframe')) frame.src = `./?${new URLSearchParams([...new URLSearchParams(search), ['pane', frame.dataset['pane'] ?? '']]).toString()}`
document.querySelector<HTMLAnchorElement>('[data-testid=unsplit]')?.setAttribute('href', `./${search}`)

const THEME = 'earshot-demo:theme'

/** The panes have the theme of all tabs, and this page has theirs. */
addEventListener('storage', ({ key, newValue }) => {
  if (key === THEME) document.documentElement.dataset['theme'] = newValue ?? 'system'
})

// A pane that is to be cut off asks to be removed at once.
addEventListener('message', ({ source, origin, data }) => {
  const frame = [...document.querySelectorAll('iframe')].find(({ contentWindow }) => contentWindow === source)
  if (origin === location.origin && data === 'cut' && frame) cut(frame)
})

function cut(frame: HTMLIFrameElement): void {
  const notice = document.createElement('div')
  notice.className = 'cut'
  notice.append('This pane was cut off.')
  const back = notice.appendChild(document.createElement('button'))
  back.className = 'plain'
  back.append('Bring it back')
  back.addEventListener('click', () => {
    notice.replaceWith(frame)
    frame.focus()
  })
  frame.replaceWith(notice)
  back.focus()
}
