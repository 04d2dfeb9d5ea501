import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

const root = join(import.meta.dirname, '../../../..')
const bin = join(import.meta.dirname, '../../bin/earshot-server.mjs')

/** A line of the process's log. */
export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** Compiles what the process runs: the sources as they are now. */
export async function compileServer(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'packages/server'], { cwd: root })
}

/** `earshot-server` as a process of its own; killed when the test ends. */
export class ServerProcess {
  readonly child: ChildProcess
  readonly lines: LogLine[] = []
  stdout = ''
  stderr = ''
  /** How it ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  #wanted: (() => void)[] = []

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    // What the shell of the tests has set must not decide.
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('EARSHOT_')))
    this.child = spawn(process.execPath, [bin, ...args], { env: { ...own, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#said(text))
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.ended = new Promise(resolve => {
      this.child.on('close', (code, signal) => {
        this.#wake()
        resolve({ code, signal })
      })
    })
    onTestFinished(async () => {
      this.child.kill('SIGKILL')
      await this.ended
    })
  }

  /** The first line with this text, now or when it comes. */
  async line(msg: string): Promise<LogLine> {
    for (;;) {
      const line = this.lines.find(each => each.msg === msg)
      if (line) return line
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(`It ended without saying "${msg}": ${this.stderr}`)
      await new Promise<void>(resolve => this.#wanted.push(resolve))
    }
  }

  /** The port that it listens at. */
  async port(): Promise<number> {
    return Number((await this.line('listening'))['port'])
  }

  #said(text: string): void {
    const whole = this.stdout.split('\n').length - 1
    this.stdout += text
    const added = this.stdout.split('\n').slice(whole, -1)
    for (const line of added) if (line.startsWith('{')) this.lines.push(JSON.parse(line) as LogLine)
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#wanted.splice(0)) wake()
  }
}
