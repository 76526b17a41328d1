import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import modbusSerial from 'modbus-serial'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseFrame } from '#protocol/messages/index.ts'
import { downTopic, upTopic } from '#protocol/topics.ts'
import { BOARD, BOARD_IDENTITY, BOARD_UNIT, SCALE, SCALE_UNITS } from '#protocol/wire/reference-profile.ts'
import { commandOf } from '#scripts/run.ts'
import { type RunningSystem, startSystem } from '#scripts/system.ts'
import { type DeviceIdentity, readDeviceIdentity } from '#test/support/device-identity.ts'

/**
 * Programs that somebody else wrote, pointed at our wires, see what docs/reference says.
 * Goal: no mistake that both our ends share. Method: mbpoll and the mosquitto clients of Debian; where they are not
 * installed, the clients of the npm packages modbus-serial and mqtt, which are also not ours.
 */
const MBPOLL = '/usr/bin/mbpoll'
const MOSQUITTO_SUB = '/usr/bin/mosquitto_sub'
const MOSQUITTO_PUB = '/usr/bin/mosquitto_pub'

interface Ran {
  code: number | null
  stdout: string
  stderr: string
}
function run(file: string, args: readonly string[], withinMs = 8000): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { timeout: withinMs })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    child.once('error', reject)
    child.once('exit', (code) => resolve({ code, stdout, stderr }))
  })
}

describe('programs of others on our wires', () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'foreign-clients-'))
  let system: RunningSystem
  let device: DeviceIdentity

  beforeAll(async () => {
    system = await startSystem({
      dataDir,
      seed: 1,
      edgeSettings: { liveIdleMs: 500, reconnectShortestMs: 200 },
    })
    device = readDeviceIdentity(dataDir)
  })
  afterAll(async () => {
    await system.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  /** Holding registers by number as in docs/reference/hardware.md (0-based). */
  async function readRegisters(unit: number, register: number, count: number): Promise<number[]> {
    if (!existsSync(MBPOLL)) return readWithModbusSerial(unit, register, count)
    const { code, stdout, stderr } = await run(MBPOLL, [
      '-m',
      'rtu',
      '-b',
      '115200',
      '-P',
      'none',
      '-a',
      String(unit),
      '-0',
      '-r',
      String(register),
      '-c',
      String(count),
      '-t',
      '4',
      '-1',
      '-q',
      system.simulator.servicePath,
    ])
    expect(code, stderr + stdout).toBe(0)
    return [...stdout.matchAll(/^\[\d+\]:\s+(\d+)/gm)].map((match) => Number(match[1]))
  }
  async function readWithModbusSerial(unit: number, register: number, count: number): Promise<number[]> {
    const master = new modbusSerial.default()
    await master.connectRTUBuffered(system.simulator.servicePath, { baudRate: 115200 })
    master.setID(unit)
    const { data } = await master.readHoldingRegisters(register, count)
    await new Promise<void>((resolve) => master.close(() => resolve()))
    return data
  }

  it('a Modbus master reads identity, closed door, locked bolt and the setpoint from the cabinet board', async () => {
    expect(await readRegisters(BOARD_UNIT, BOARD.identity, 2)).toEqual([BOARD_IDENTITY, 1])
    expect(await readRegisters(BOARD_UNIT, BOARD.lockState, 3)).toEqual([0, 1, 0])
    expect(await readRegisters(BOARD_UNIT, BOARD.setpoint, 1)).toEqual([40])
  })

  it('a Modbus master reads the weight of a shelf as two words, high word first, in tenths of a gram', async () => {
    const [high = 0, low = 0] = await readRegisters(SCALE_UNITS[0], SCALE.net, 2)
    const grams = ((high << 16) | low) / 10
    const state = (await (await fetch(`${system.simulator.controlUrl}/state`)).json()) as {
      shelves: Array<{ id: string; grams: number }>
    }
    expect(Math.abs(grams - (state.shelves[0]?.grams ?? 0))).toBeLessThan(30)
  })

  /** Flags that the mosquitto clients and those of the npm package share, then what differs. */
  function connectionFlags(isMosquitto: boolean): string[] {
    const { cabinetId, caFile, certificateFile, keyFile } = device
    const address = [
      '-h',
      '127.0.0.1',
      '-p',
      String(system.core.mqttPort),
      '-i',
      cabinetId,
      '-u',
      cabinetId,
      '-q',
      '1',
    ]
    const files = ['--cert', certificateFile, '--key', keyFile]
    return isMosquitto
      ? [...address, ...files, '--cafile', caFile]
      : [...address, ...files, '--ca', caFile, '-C', 'mqtts']
  }
  function subscribeOnce(topic: string): Promise<Ran> {
    const isMosquitto = existsSync(MOSQUITTO_SUB)
    const args = [...connectionFlags(isMosquitto), '-t', topic]
    return isMosquitto
      ? run(MOSQUITTO_SUB, [...args, '-C', '1', '-W', '6'])
      : run(process.execPath, [commandOf('mqtt', 'mqtt_sub'), ...args])
  }
  function publish(topic: string, message: string, retain = false): Promise<Ran> {
    const isMosquitto = existsSync(MOSQUITTO_PUB)
    const args = [...connectionFlags(isMosquitto), '-t', topic, '-m', message, ...(retain ? ['-r'] : [])]
    return isMosquitto
      ? run(MOSQUITTO_PUB, args)
      : run(process.execPath, [commandOf('mqtt', 'mqtt_pub'), ...args])
  }

  it("an MQTT client with the cabinet's credentials sees its own state as the reference describes it", async () => {
    const { stdout, stderr } = await subscribeOnce(upTopic(device.partition, device.cabinetId, 'state'))
    const parsed = parseFrame('state', Buffer.from(stdout.trim()))
    expect(parsed, `${stdout}${stderr}`).toMatchObject({ ok: true })
  })

  it.for(['dn/cmd', 'dn/twin', 'up/ev', 'up/state'])(
    "it is refused another cabinet's %s",
    async (channel) => {
      const { stdout, stderr } = await subscribeOnce(`vc/1/07/cab-002/${channel}`)
      expect(stdout).toBe('')
      expect(stderr.toLowerCase()).toMatch(/denied|refused|error|timed out|lost/)
    },
  )

  it('it may not speak for another cabinet, nor give commands', async () => {
    for (const topic of [
      upTopic(device.partition, 'cab-002', 'ev'),
      downTopic(device.partition, device.cabinetId, 'cmd'),
    ]) {
      const { code, stderr } = await publish(topic, '{}')
      expect(code, `publishing to ${topic} was accepted: ${stderr}`).not.toBe(0)
    }
  })

  it('without its certificate, or with the authority of somebody else, there is no connection', async () => {
    const bare = ['-h', '127.0.0.1', '-p', String(system.core.mqttPort), '-i', device.cabinetId, '-t', 'x']
    const isMosquitto = existsSync(MOSQUITTO_SUB)
    const program = (flags: string[]) =>
      isMosquitto
        ? run(MOSQUITTO_SUB, [...bare, '-W', '4', ...flags])
        : run(process.execPath, [commandOf('mqtt', 'mqtt_sub'), ...bare, '-C', 'mqtts', ...flags])
    const ca = (file: string) => [isMosquitto ? '--cafile' : '--ca', file]
    const nameOnly = ['-u', device.cabinetId, '-P', 'wrong', ...ca(device.caFile)]
    for (const flags of [
      nameOnly,
      [...ca(device.certificateFile), '--cert', device.certificateFile, '--key', device.keyFile],
    ]) {
      const { code, stdout } = await program(flags)
      expect([code === 0, stdout]).toEqual([false, ''])
    }
  })
})
