import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { choosePort, findFreePort } from '#scripts/ports.ts'

describe('a port that another program has', () => {
  const other = createServer()
  let taken = 0
  beforeAll(async () => {
    taken = await findFreePort()
    await new Promise<void>((resolve) => other.listen(taken, '127.0.0.1', resolve))
  })
  afterAll(() => other.close())

  it('is an error that names the flag when it was asked for', async () => {
    await expect(choosePort('mqtt-port', taken, true)).rejects.toThrow(
      `Port ${taken} of --mqtt-port is in use`,
    )
  })
  it('is passed over for a free one when it was only our default', async () => {
    expect(await choosePort('mqtt-port', taken, false)).not.toBe(taken)
  })
})
