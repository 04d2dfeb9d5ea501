import { execFile, spawn } from 'node:child_process'
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** Next.js at work, on a port of its own. */
export interface NextServer {
  readonly port: number
  close(): Promise<void>
}

const run = promisify(execFile)
const app = join(import.meta.dirname, '../../.cache/next-app')
const next = join(app, 'node_modules/next/dist/bin/next')
const components = join(import.meta.dirname, '../fixtures/server-components')
const pnpm = ['--yes', '--prefer-offline', 'pnpm@10.34.9']
const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as const

const layout = `export default function Layout({ children }) {
  return <html lang="en"><head><link rel="icon" href="data:," /></head><body>{children}</body></html>
}
`
const page = `export { Content as default } from './content.tsx'
export const dynamic = 'force-dynamic'
`
const tsconfig = { compilerOptions: { allowImportingTsExtensions: true, noEmit: true, jsx: 'react-jsx', module: 'esnext', moduleResolution: 'bundler', strict: true, skipLibCheck: true } }
const manifest = {
  private: true,
  dependencies: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
  devDependencies: { '@types/node': '20.19.43', '@types/react': '19.3.0', typescript: '5.9.3' },
}

/** Installs Next.js and the packages as they would be published, has it build the server components, and starts it. */
export async function serveNext(): Promise<NextServer> {
  rmSync(app, { recursive: true, force: true })
  for (const name of ['app.tsx', 'content.tsx']) cpSync(join(components, name), join(app, 'app', name))
  const files = { 'package.json': manifest, 'tsconfig.json': tsconfig, 'app/layout.jsx': layout, 'app/page.jsx': page }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(app, name), typeof text === 'string' ? text : JSON.stringify(text))
  for (const name of ['core', 'transport', 'react']) await run('npx', [...pnpm, 'pack', '--pack-destination', app], { cwd: folderOf(name) })
  const packed = readdirSync(app).filter(name => name.endsWith('.tgz'))
  await run('npm', ['install', '--include=dev', '--no-audit', '--no-fund', ...packed.map(name => `./${name}`)], { cwd: app, env })
  await run(process.execPath, [next, 'build'], { cwd: app, env })
  return start()
}

/** Starts what was built, on a port that the system chooses. */
async function start(): Promise<NextServer> {
  const server = spawn(process.execPath, [next, 'start', '--port', '0', '--hostname', '127.0.0.1'], { cwd: app, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  const port = await new Promise<number>((resolve, reject) => {
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const found = /http:\/\/127\.0\.0\.1:([1-9]\d*)[^]*Ready/.exec(said)?.[1]
      if (found !== undefined) resolve(Number(found))
    })
    server.on('exit', () => reject(new Error(`Next.js ended: ${said}`)))
  })
  return {
    port,
    close: () =>
      new Promise(resolve => {
        server.on('exit', () => resolve())
        server.kill()
      }),
  }
}

function folderOf(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`@earshot/${name}/package.json`))
}
