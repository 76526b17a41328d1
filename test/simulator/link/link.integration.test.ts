import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { type LinkProxy, startLinkProxy } from '#simulator/link/proxy.ts'
import { eventually } from '#test/support/eventually.ts'

/** A core that repeats what it hears, and a cabinet that connects through the link. */
let core: Server
let coreSockets: Socket[]
let link: LinkProxy
const clock = createSystemClock()

interface Cabinet {
  readonly socket: Socket
  heard(): string
  end(): 'open' | 'ended' | 'broken'
}
function dial(): Promise<Cabinet> {
  return new Promise((resolve) => {
    let heard = ''
    let end: 'open' | 'ended' | 'broken' = 'open'
    const socket = connect(link.port, '127.0.0.1')
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString()
    })
    socket.on('error', () => {
      end = 'broken'
    })
    socket.on('close', (hadError) => {
      end = hadError ? 'broken' : 'ended'
    })
    const cabinet = { socket, heard: () => heard, end: () => end }
    // A refused one never gets as far as connected.
    socket.on('connect', () => resolve(cabinet))
    socket.on('close', () => resolve(cabinet))
  })
}

beforeEach(async () => {
  coreSockets = []
  core = createServer((socket) => {
    coreSockets.push(socket)
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes: Buffer) => socket.write(`echo ${bytes.toString()}`))
  })
  await new Promise<void>((resolve) => {
    core.listen(0, '127.0.0.1', resolve)
  })
  link = await startLinkProxy({
    clock,
    name: 'link-test',
    flag: '--link-mqtt-port',
    host: '127.0.0.1',
    port: 0,
    target: { host: '127.0.0.1', port: (core.address() as AddressInfo).port },
  })
})
afterEach(async () => {
  await link.stop()
  for (const socket of coreSockets) socket.destroy()
  await new Promise((resolve) => core.close(resolve))
})

describe('a network in order', () => {
  it('passes bytes both ways', async () => {
    const cabinet = await dial()
    cabinet.socket.write('hello')
    await eventually('the echo arrives', async () => cabinet.heard() === 'echo hello')
  })
  it('lets the cabinet hear that the core hung up', async () => {
    const cabinet = await dial()
    cabinet.socket.write('x')
    await eventually('connected', async () => coreSockets.length === 1)
    coreSockets[0]?.end()
    await eventually('the end arrives', async () => cabinet.end() === 'ended')
  })
  it('does not need the core to be there first: the connection just fails', async () => {
    const port = (core.address() as AddressInfo).port
    await new Promise((resolve) => core.close(resolve))
    const cabinet = await dial()
    await eventually('refused', async () => cabinet.end() !== 'open')
    await new Promise<void>((resolve) => {
      core.listen(port, '127.0.0.1', resolve)
    })
    const again = await dial()
    again.socket.write('hello')
    await eventually('the echo arrives', async () => again.heard() === 'echo hello')
  })
})

describe('a cut network', () => {
  it('breaks open connections at both ends and refuses new ones until it is mended', async () => {
    const cabinet = await dial()
    cabinet.socket.write('a')
    await eventually('the echo arrives', async () => cabinet.heard() === 'echo a')
    link.setMode('cut')
    await eventually('broken here', async () => cabinet.end() !== 'open')
    await eventually('broken there', async () => coreSockets[0]?.destroyed === true)
    const refused = await dial()
    await eventually('refused', async () => refused.end() !== 'open')
    link.setMode('ok')
    const again = await dial()
    again.socket.write('b')
    await eventually('the echo arrives', async () => again.heard() === 'echo b')
  })
})

describe('a half-open network', () => {
  it('says nothing to anybody: bytes wait, and an end that gave up is heard of only afterwards', async () => {
    const cabinet = await dial()
    cabinet.socket.write('a')
    await eventually('the echo arrives', async () => cabinet.heard() === 'echo a')
    link.setMode('half-open')
    const late = await dial()
    cabinet.socket.write('b')
    late.socket.write('c')
    cabinet.socket.destroy()
    await new Promise((resolve) => clock.setTimer('quiet', 150, () => resolve(undefined)))
    expect(coreSockets).toHaveLength(1)
    expect(coreSockets[0]?.destroyed).toBe(false)
    expect(late.heard()).toBe('')
    link.setMode('ok')
    await eventually('the dead connection is known', async () => coreSockets[0]?.destroyed === true)
    await eventually('the waiting one is served', async () => late.heard() === 'echo c')
  })
})

describe('a network that holds what the core sends', () => {
  it('delivers it late and whole, while the cabinet is heard at once', async () => {
    const cabinet = await dial()
    cabinet.socket.write('a')
    await eventually('the echo arrives', async () => cabinet.heard() === 'echo a')
    link.setMode('hold-downstream')
    cabinet.socket.write('b')
    await eventually('the core answered', async () => link.heldBytes > 0)
    expect(cabinet.heard()).toBe('echo a')
    link.setMode('ok')
    await eventually('it arrives late', async () => cabinet.heard() === 'echo aecho b')
  })
})

describe('a slow network', () => {
  it('takes its delay each way', async () => {
    link.setMode('ok', 120)
    const cabinet = await dial()
    const startMs = clock.monoMs()
    cabinet.socket.write('a')
    await eventually('the echo arrives', async () => cabinet.heard() === 'echo a')
    expect(clock.monoMs() - startMs).toBeGreaterThanOrEqual(235)
  })
})

describe('a port that is taken', () => {
  it('stops the start with the flag to change', async () => {
    await expect(
      startLinkProxy({
        clock,
        name: 'second',
        flag: '--link-mqtt-port',
        host: '127.0.0.1',
        port: link.port,
        target: { host: '127.0.0.1', port: 1 },
      }),
    ).rejects.toThrow(/--link-mqtt-port.*port_taken/)
  })
})
