import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { ROOT } from './system.ts'

const require = createRequire(import.meta.url)

/** The file that a package runs as its command, so that it starts on this very Node and not on another one in the PATH. */
export function commandOf(packageName: string, command = packageName): string {
  const manifestFile = require.resolve(`${packageName}/package.json`)
  const { bin } = require(manifestFile) as { bin: string | Record<string, string> }
  const file = typeof bin === 'string' ? bin : bin[command]
  if (file === undefined) throw new Error(`the package ${packageName} has no command ${command}`)
  return path.join(path.dirname(manifestFile), file)
}

/**
 * Runs a JavaScript command with this Node.
 * @returns its exit code; its output goes where ours goes, both to stderr when `onlyErrors`
 */
export function runCommand(
  file: string,
  args: readonly string[],
  options: { toStderr?: boolean; environment?: Record<string, string> } = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], {
      cwd: ROOT,
      stdio: ['ignore', options.toStderr === true ? 2 : 'inherit', 'inherit'],
      env: { ...process.env, ...options.environment },
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 1))
  })
}
