import { commandOf, runCommand } from './run.ts'

/** The folders that hold our code. Linters get them by name: without that they would read node_modules. */
export const CODE_FOLDERS = ['protocol', 'edge', 'core', 'console', 'simulator', 'test', 'scripts']

/** Types, lint and layout. @returns the names of the checks that failed */
export async function runStaticChecks(): Promise<string[]> {
  const checks: Array<{ name: string; run: () => Promise<number> }> = [
    { name: 'types', run: () => runCommand(commandOf('typescript', 'tsc'), ['-p', 'tsconfig.json']) },
    {
      name: 'types of the console',
      run: () => runCommand(commandOf('typescript', 'tsc'), ['-p', 'console/tsconfig.json']),
    },
    {
      name: 'lint',
      run: () =>
        runCommand(commandOf('oxlint'), [
          '--type-aware',
          '-c',
          '.oxlintrc.json',
          '--deny-warnings',
          ...CODE_FOLDERS,
        ]),
    },
    {
      name: 'layout',
      run: () =>
        runCommand(commandOf('@biomejs/biome', 'biome'), ['format', ...CODE_FOLDERS, 'package.json']),
    },
  ]
  const failed: string[] = []
  for (const check of checks) {
    process.stderr.write(`- ${check.name} …\n`)
    if ((await check.run()) !== 0) failed.push(check.name)
  }
  return failed
}
