import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A server in a process of its own, which says in one line of JSON where it is. */
export function servedBy<T>(file: string, ...words: string[]): { served: Promise<T>; stop(): void } {
  const server = spawn(process.execPath, [file, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
  const served = new Promise<T>((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', (line) => resolve(JSON.parse(line) as T))
    server.once('exit', (code) => reject(new Error(`the server of the benchmark ended with ${code}`)))
  })
  return {
    served,
    stop() {
      server.stdin.end()
      server.kill()
    },
  }
}
