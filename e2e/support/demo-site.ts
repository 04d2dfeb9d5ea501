import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

/** Vite's preview server at work, on a port of its own. */
export interface DemoServer {
  readonly port: number
  close(): Promise<void>
}

/** The files of the built demo, by their paths. */
export async function buildDemo(): Promise<Map<string, Uint8Array>> {
  const { outDir, child } = start('build')
  try {
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`The demo was not built: code ${code}`)
    const files = readdirSync(outDir, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    return new Map(files.map(({ parentPath, name }) => [relative(outDir, join(parentPath, name)), readFileSync(join(parentPath, name))]))
  } finally {
    rmSync(outDir, { recursive: true })
  }
}

/** Vite itself serves the built demo, with the relay on its port. */
export async function previewDemo(): Promise<DemoServer> {
  const { outDir, child } = start('preview')
  const exit = once(child, 'exit')
  const port = await Promise.race([once(child, 'message').then(([said]) => Number(said)), exit.then(() => undefined)])
  if (port === undefined) throw new Error('The demo was not served')
  return {
    port,
    async close() {
      child.disconnect()
      await exit
      rmSync(outDir, { recursive: true })
    },
  }
}

function start(task: 'build' | 'preview'): { outDir: string; child: ChildProcess } {
  const outDir = mkdtempSync(join(tmpdir(), 'earshot-demo-'))
  return { outDir, child: fork(`${import.meta.dirname}/demo-main.mjs`, [outDir, task], { execArgv: [] }) }
}
