import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown, type Plugin } from 'rolldown'
import { copyRuntimePackages } from './bundle/runtime-packages.ts'
import { distinct, schemasIn, staticChecks } from './bundle/static-checks.ts'

/**
 * What a cabinet runs: the edge in one file, its native parts beside it, and the program that starts both with the memory
 * settings of a small computer. `npm run bundle:edge` writes dist/edge for the platform on which it runs.
 */
const ROOT = path.resolve(import.meta.dirname, '..')
const EDGE_BUNDLE = path.join(ROOT, 'dist', 'edge')

/** Packages with machine code stay packages. */
const NATIVE = ['better-sqlite3', '@serialport/bindings-cpp', 'sharp']

/**
 * The V8 heap of an agent that keeps nothing but a session: small, and cleaned before it grows much. A leak ends the agent,
 * and systemd starts it again. Two things held on to up to 16 MiB of pages that nothing lived on any more: compacting
 * copies what lives to new pages, and marking beside the program lets a burst of weighing fill pages meanwhile. So the heap is
 * cleaned in one go, some milliseconds every quarter of a minute, and lies as it lies.
 */
const V8_FLAGS = [
  '--max-semi-space-size=1',
  '--max-old-space-size=64',
  '--heap-growing-percent=15',
  '--no-compact',
  '--no-incremental-marking',
  '--optimize-for-size',
  '--v8-pool-size=1',
]
/** Pictures of a megabyte come and go in native memory: they are given back, not kept for later. */
const ENVIRONMENT = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '131072',
  UV_THREADPOOL_SIZE: '2',
  NODE_NO_WARNINGS: '1',
}

export interface EdgeBundle {
  program: string
  /** Size of the one file with all JavaScript of ours, bytes. */
  scriptBytes: number
  /** Schemas whose checks are in it as code. */
  checks: number
  packages: string[]
  seconds: number
}

/** @throws when a source does not compile, or a library is no longer as the bundle expects it */
export async function bundleEdge(folder: string = EDGE_BUNDLE): Promise<EdgeBundle> {
  const startedMs = performance.now()
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const script = path.join(folder, 'edge.mjs')
  const program = path.join(folder, 'cabinet-edge')
  const external = new RegExp(`^(${NATIVE.join('|')})$`)
  const schemas = distinct(schemasIn(await modulesOf(external)))
  const bundle = await rolldown({
    input: path.join(ROOT, 'edge/main.ts'),
    platform: 'node',
    tsconfig: false,
    external,
    plugins: [staticChecks(schemas), leanMqttPacket()],
  })
  await bundle.write({
    file: script,
    format: 'esm',
    codeSplitting: false,
    sourcemap: false,
    // Names stay: a stack trace from a cabinet must be readable without this computer.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  })
  await bundle.close()
  writeFileSync(script, asciiOnly(readFileSync(script, 'utf8')))
  const packages = copyRuntimePackages(NATIVE, ROOT, folder)
  writeFileSync(program, launcher())
  chmodSync(program, 0o755)
  return {
    program,
    scriptBytes: statSync(script).size,
    checks: schemas.size,
    packages,
    seconds: (performance.now() - startedMs) / 1000,
  }
}

/** The modules of ours that end in the bundle and do nothing when they are loaded, for the schemas that they export. */
async function modulesOf(external: RegExp): Promise<object[]> {
  const dry = await rolldown({
    input: path.join(ROOT, 'edge/main.ts'),
    platform: 'node',
    tsconfig: false,
    external,
  })
  const { output } = await dry.generate({ format: 'esm', codeSplitting: false })
  await dry.close()
  const own = output[0].moduleIds.filter(
    (file) => file.startsWith(ROOT) && !file.includes('node_modules') && !file.endsWith('main.ts'),
  )
  return Promise.all(own.map((file) => import(pathToFileURL(file).href) as Promise<object>))
}

/**
 * mqtt-packet keeps a buffer for each of the 65,536 numbers that two bytes can hold, 7 MiB for an agent that sends a
 * frame a second. It has a switch for that, which the MQTT client does not reach.
 */
function leanMqttPacket(): Plugin {
  const wanted = 'let toGenerate = true'
  const cached = 'let writeNumber = writeNumberCached'
  return {
    name: 'lean-mqtt-packet',
    transform(code, id) {
      if (!id.endsWith('mqtt-packet/writeToStream.js')) return undefined
      if (!code.includes(wanted) || !code.includes(cached))
        throw new Error(`${id} has changed: look how its cache of numbers is switched off now`)
      return code
        .replace(wanted, 'let toGenerate = false')
        .replace(cached, 'let writeNumber = writeNumberGenerated')
    },
  }
}

/** One character beyond Latin 1 makes V8 keep the whole text in two bytes a character. */
function asciiOnly(code: string): string {
  return code.replace(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function launcher(): string {
  const exports_ = Object.entries(ENVIRONMENT).map(
    ([name, value]) => `export ${name}="\${${name}:-${value}}"`,
  )
  return `#!/bin/sh
# Starts the agent of a cabinet. Node 24 must be in the PATH, or named by CABINET_NODE.
${exports_.join('\n')}
here=$(dirname "$(readlink -f "$0")")
exec "\${CABINET_NODE:-node}" ${V8_FLAGS.join(' ')} "$here/edge.mjs" "$@"
`
}

if (import.meta.main) {
  const { program, scriptBytes, packages, seconds } = await bundleEdge()
  const kibibytes = Math.round(scriptBytes / 1024)
  process.stdout.write(
    `${path.relative(ROOT, program)} for ${process.platform}-${process.arch}: ${kibibytes} KiB of script, with ${packages.join(', ')} (${seconds.toFixed(1)} s)\n`,
  )
}
