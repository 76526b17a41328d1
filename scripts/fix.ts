import { commandOf, runCommand } from './run.ts'
import { CODE_FOLDERS } from './static-checks.ts'

const lint = await runCommand(commandOf('oxlint'), [
  '--type-aware',
  '-c',
  '.oxlintrc.json',
  '--fix',
  ...CODE_FOLDERS,
])
const layout = await runCommand(commandOf('@biomejs/biome', 'biome'), [
  'format',
  '--write',
  ...CODE_FOLDERS,
  'package.json',
])
process.exitCode = lint === 0 && layout === 0 ? 0 : 1
