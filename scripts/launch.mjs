// Every npm script enters here, on whatever Node was found. This file is plain JavaScript so that an old Node can
// read it: it installs the packages when they are missing or out of date, then runs the wanted TypeScript file on
// the Node that npm brought along (docs/decisions/0002-node-from-npm.md says why).
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const [entry, ...args] = process.argv.slice(2)
if (entry === undefined)
  fail('scripts/launch.mjs needs the file to run, for example: node scripts/launch.mjs scripts/start.ts')

installWhenNeeded()
run(findNode())

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

/** Says on stderr what it does: standard output belongs to the command (`--json` prints one object there). */
function say(message) {
  process.stderr.write(`${message}\n`)
}

function installWhenNeeded() {
  const lock = readFileSync(path.join(root, 'package-lock.json'))
  const wanted = createHash('sha256').update(lock).digest('hex')
  const stampFile = path.join(root, 'node_modules', '.installed-from')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return
  say('Installing the packages of package-lock.json (once; about half a minute) …')
  const npm = process.env.npm_execpath
  const npmArgs = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  // No package here needs an install script: every native part ships its binary inside the package.
  const result = npm
    ? spawnSync(process.execPath, [npm, ...npmArgs], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', npmArgs, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (result.status !== 0) {
    fail(
      'The packages could not be installed. Check that the npm registry can be reached (npm ping) and run the command again.',
    )
  }
  mkdirSync(path.dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, wanted)
}

/** npm leaves an optional dependency out without a word when it fails, so look and say what to do. */
function findNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const brought = path.join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', name)
  if (existsSync(brought)) return brought
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major >= 24 || (major === 22 && minor >= 18)) return process.execPath
  return fail(
    `This system runs on Node 24. npm brings it for Linux (x64, arm64), but it is missing here (${process.platform}-${process.arch}, found Node ${process.versions.node}).\n` +
      'Install Node 24 yourself, or remove node_modules and run the command again with optional dependencies allowed (npm config get omit).',
  )
}

function run(node) {
  const child = spawn(node, [path.join(root, entry), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      NODE_NO_WARNINGS: '1',
      PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}`,
    },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`Node could not be started from ${node}: ${error.message}`))
  child.on('exit', (code, signal) =>
    process.exit(signal ? 128 + (signal === 'SIGINT' ? 2 : 15) : (code ?? 1)),
  )
}
