import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const SOURCE = path.join(import.meta.dirname, 'recorder.c')

/**
 * Compiles the recorder, once for each of its contents.
 * @returns path of the library
 * @throws with what to install when there is no C compiler
 */
export function buildRecorder(): string {
  const name = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16)
  const folder = path.join(tmpdir(), 'power-loss-recorder')
  const library = path.join(folder, `${name}.so`)
  if (existsSync(library)) return library
  mkdirSync(folder, { recursive: true })
  const draft = path.join(folder, `${name}.${process.pid}.so`)
  const { status, error, stderr } = spawnSync(
    'cc',
    ['-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', draft, SOURCE, '-ldl', '-lpthread'],
    { encoding: 'utf8' },
  )
  if (error !== undefined)
    throw new Error(
      `There is no C compiler (${error.message}), and power cuts are tested with a small library in C. To have one: apt-get install gcc libc6-dev`,
    )
  if (status !== 0)
    throw new Error(
      `recorder.c cannot be compiled; libc6-dev may be missing (apt-get install libc6-dev): ${stderr}`,
    )
  renameSync(draft, library)
  return library
}

export interface RecordedRun {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** Runs a program of this folder with the recorder in it. `settings` are the variables of recorder.c. */
export function runRecorded(
  program: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<RecordedRun> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, program), ...args], {
    env: { ...process.env, ...settings, LD_PRELOAD: buildRecorder() },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (bytes: Buffer) => {
    stderr = (stderr + bytes.toString()).slice(-8000)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stderr }))
  })
}
