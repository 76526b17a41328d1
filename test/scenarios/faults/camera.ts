import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { createHttpCamera } from '#edge/camera/http-camera.ts'
import { expectThat } from '#test/support/eventually.ts'
import { lookAt } from '#test/bench/fleet/process-figures.ts'
import type { FaultCount } from './fault-count.ts'

const GIBIBYTE = 1024 ** 3
const CHUNK = Buffer.alloc(256 * 1024, 0xff)
const TIMEOUT_MS = 2000
/** What refusing may cost: pictures of five megabytes are allowed, and the sender of the gigabytes runs in the same process. */
const MOST_GROWTH_MIB = 128

/** How a camera goes wrong, by the path under which this one does. */
const TROUBLES: Record<string, (response: ServerResponse) => void> = {
  'not found': (response) => void response.writeHead(404).end('gone'),
  'a page instead of a picture': (response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>'),
  'bytes that are no picture': (response) =>
    void response.writeHead(200, { 'content-type': 'image/jpeg' }).end('GIF89a'),
  'a gigabyte, announced': (response) => {
    response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': String(GIBIBYTE) })
    pour(response, GIBIBYTE)
  },
  'a gigabyte, unannounced': (response) => {
    response.writeHead(200, { 'content-type': 'image/jpeg' })
    pour(response, GIBIBYTE)
  },
  'another address': (response) => void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
  'nothing at all': () => undefined,
}

function pour(response: ServerResponse, byteCount: number): void {
  let left = byteCount
  const more = () => {
    while (left > 0 && !response.destroyed) {
      left -= CHUNK.length
      if (!response.write(CHUNK)) {
        response.once('drain', more)
        return
      }
    }
    if (!response.destroyed) response.end()
  }
  more()
}

export const camera: FaultCount = {
  name: 'camera',
  shows:
    'a camera that answers 404, a page, no picture, a gigabyte, elsewhere or never is refused in time and costs no memory',
  counts: { test: 1, all: 2, full: 20 },
  async run({ count }) {
    const server = createServer((request, response) => {
      response.on('error', () => undefined)
      TROUBLES[decodeURIComponent(request.url?.slice(1) ?? '')]?.(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const before = lookAt(process.pid).rssMiB
    let most = before
    try {
      for (let round = 0; round < count; round++) {
        for (const trouble of Object.keys(TROUBLES)) {
          const url = `http://127.0.0.1:${port}/${encodeURIComponent(trouble)}`
          const startedMs = performance.now()
          const refused = await createHttpCamera('inside', url, TIMEOUT_MS)
            .takeSnapshot()
            .then(
              () => undefined,
              (error: unknown) => error,
            )
          expectThat(
            refused instanceof CabinetError && refused.code === 'camera_unreachable',
            `a camera that sends ${trouble} was answered with ${refused === undefined ? 'a picture' : messageOf(refused)}`,
          )
          const tookMs = performance.now() - startedMs
          expectThat(tookMs < TIMEOUT_MS + 1000, `refusing ${trouble} took ${Math.round(tookMs)} ms`)
          most = Math.max(most, lookAt(process.pid).rssMiB)
        }
      }
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
    const grownMiB = Math.round(most - before)
    expectThat(grownMiB < MOST_GROWTH_MIB, `refusing pictures made the process grow by ${grownMiB} MiB`)
    return `${count * Object.keys(TROUBLES).length} wrong answers refused, ${grownMiB} MiB more memory at most`
  },
}
