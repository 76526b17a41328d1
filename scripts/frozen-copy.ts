import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ROOT } from './system/roots.ts'

const FROZEN = 'CABINET_FROZEN_COPY'
/** Packages are linked; what is built is built anew. */
const LEFT_OUT = new Set(['node_modules', '.git', '.tmp', 'dist'])

export function isFrozenCopy(): boolean {
  return process.env[FROZEN] !== undefined
}

/**
 * Runs a script of ours from a copy of all sources as they are now. A long campaign starts the same programs again and again:
 * somebody who edits a file meanwhile would change what is tested in the middle, or break it.
 * @param script  from the root
 * @returns its exit code
 */
export async function runFrozenCopy(script: string, args: readonly string[]): Promise<number> {
  const copy = mkdtempSync(path.join(tmpdir(), 'frozen-'))
  // It hears Ctrl-C as well, stops its parts, and ends; so do we, after it.
  const wait = () => undefined
  process.on('SIGINT', wait)
  try {
    cpSync(ROOT, copy, {
      recursive: true,
      filter: (from) => !LEFT_OUT.has(path.relative(ROOT, from).split(path.sep)[0] ?? ''),
    })
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'), 'junction')
    const child = spawn(process.execPath, [...process.execArgv, path.join(copy, script), ...args], {
      cwd: copy,
      stdio: 'inherit',
      env: { ...process.env, [FROZEN]: copy },
    })
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => resolve(code ?? 1))
    })
  } finally {
    process.off('SIGINT', wait)
    rmSync(copy, { recursive: true, force: true })
  }
}
