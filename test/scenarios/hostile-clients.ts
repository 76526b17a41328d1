import { readFileSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import mqtt from 'mqtt'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { every, type Timer } from '#protocol/base/clock.ts'
import { readDeviceIdentity } from '#test/support/device-identity.ts'
import { eventually, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { arrive, expectChargedOnce, leave, take } from './steps.ts'
import type { World } from './world.ts'

const clock = createSystemClock()
const SILENT = 300
const MEBIBYTE = 1024 * 1024

/** Everything that was measured to stop or fill a broker, from another address, for as long as it runs. */
function attack(world: World): { stop: () => void } {
  const { mqttPort } = world.system.core
  const sockets = new Set<Socket>()
  const timers: Timer[] = []
  const { cabinetId } = readDeviceIdentity(world.system.dataDir)

  function open(): Socket {
    const socket = connectTcp({ host: '127.0.0.1', port: mqttPort, localAddress: '127.0.0.3' })
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    sockets.add(socket)
    return socket
  }
  function openTls(then: (socket: Socket) => void): void {
    const socket = connectTls({ socket: open(), rejectUnauthorized: false }, () => then(socket))
    socket.on('error', () => undefined)
  }
  function again(what: string, everyMs: number, act: () => void): void {
    act()
    timers.push(every(clock, what, everyMs, act))
  }
  again('silent connections', 1000, () => {
    while (sockets.size < SILENT) open()
  })
  again('a CONNECT that never ends', 500, () =>
    openTls((socket) => {
      socket.write(Buffer.from([0x10, 0xff]))
    }),
  )
  again('a packet of 256 MB', 500, () =>
    openTls((socket) => {
      socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]))
      socket.write(Buffer.alloc(MEBIBYTE))
    }),
  )
  again('noise', 200, () => open().write(Buffer.from('GET / HTTP/1.1\r\n\r\n')))
  again('guessed passwords', 300, () => {
    const client = mqtt.connect(`mqtts://127.0.0.1:${mqttPort}`, {
      clientId: cabinetId,
      username: cabinetId,
      password: 'guess',
      rejectUnauthorized: false,
      reconnectPeriod: 0,
      connectTimeout: 3000,
    })
    client.on('error', () => client.end(true))
  })
  return {
    stop() {
      for (const timer of timers) timer.cancel()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** The broker is a child of the core; its command line says so. */
function brokerProcessOf(world: World): number {
  const core = world.system.processId('core')
  expectThat(core !== undefined, 'the core is not running')
  const children = readFileSync(`/proc/${core}/task/${core}/children`, 'utf8').trim().split(' ').map(Number)
  const broker = children.find((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('core/broker/main.ts'),
  )
  expectThat(broker !== undefined, 'the broker is not a child of the core')
  return broker
}

export const hostileClients: Scenario = {
  name: 'hostile-clients',
  shows:
    'strangers flood the broker, never finish, announce 256 MB and guess passwords, and its process is killed in the middle: sales are charged once and right',
  async run(world) {
    const { people } = await world.provider.books()
    const attackers = attack(world)
    try {
      const broker = brokerProcessOf(world)
      const first = await world.consumer(people[0]?.name)
      const session = await first.open()
      await world.workshop.visit([...arrive, take('s3', 'cola-330')])
      process.kill(broker, 'SIGKILL')
      await world.workshop.visit([take('s4', 'juice-orange'), ...leave])
      const order = await first.orderIn(session.sessionId, ['paid'], 40_000)
      await expectChargedOnce(world, first, order, { 'cola-330': 1, 'juice-orange': 1 })
      const next = await eventually('the broker being started again', async () => {
        const now = brokerProcessOf(world)
        return now === broker ? undefined : now
      })

      const second = await world.consumer(people[1]?.name)
      const later = await second.open()
      await world.workshop.visit([...arrive, take('s3', 'cola-330'), ...leave])
      const paid = await second.orderIn(later.sessionId, ['paid'], 40_000)
      await expectChargedOnce(world, second, paid, { 'cola-330': 1 })
      expectThat(brokerProcessOf(world) === next, 'strangers ended the process of the broker')
    } finally {
      attackers.stop()
    }
  },
}
