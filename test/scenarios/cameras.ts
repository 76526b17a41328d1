import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { expectChargedOnce, shop, take } from './steps.ts'
import type { Staff, World } from './world.ts'

/** Looks often, so that nobody waits for the quiet rhythm of a cabinet at rest. */
const OFTEN = { cameraIdleMs: 700, cameraSessionMs: 500, cameraFrozenFrames: 4 }

/** The simulator draws one for itself; two good ones at rest become the reference. */
const LOOKS_FOR_REFERENCE = 6

type CameraView = CabinetDetail['cameras'][number]

async function cameraIs(
  staff: Staff,
  camera: string,
  isSo: (view: CameraView) => boolean,
  what: string,
): Promise<CameraView> {
  let seen: unknown
  return eventually(
    `camera ${camera} being ${what}`,
    async () => {
      const { cameras } = await staff.cabinet()
      seen = cameras
      const view = cameras.find((one) => one.camera === camera)
      return view !== undefined && isSo(view) && view
    },
    { withinMs: 40_000, lastSeen: () => seen },
  )
}
const sees = (staff: Staff, camera: string) =>
  cameraIs(staff, camera, ({ state }) => state === 'clear', 'clear')
const breakCamera = (world: World, mode: string, camera = 'inside') =>
  world.workshop.control('camera', { mode, camera })

async function alarmsOf(staff: Staff, kind: string): Promise<string[]> {
  const { alarms } = await staff.cabinet()
  return alarms
    .filter((alarm) => alarm.kind === kind && alarm.state !== 'cleared')
    .map(({ values }) => String(values['camera']))
    .toSorted()
}

/** Trouble at rest: named, alarmed, over when the camera sees again. */
async function playTrouble(
  world: World,
  { mode, trouble, alarm }: { mode: string; trouble: string; alarm: string },
): Promise<void> {
  const operator = await world.staff('operator')
  await sees(operator, 'inside')
  // The reference is taken while nothing is wrong; without one only the plainest troubles are known.
  await eventually('the camera having been looked through a few times', async () => {
    const [camera] = (await world.workshop.state()).cameras
    return camera !== undefined && camera.pictures >= LOOKS_FOR_REFERENCE
  })
  await breakCamera(world, mode)
  const view = await cameraIs(operator, 'inside', ({ state }) => state !== 'clear', mode)
  expectEqual(view.trouble, trouble, 'what the camera is said to have')
  await eventually('the alarm', async () => (await alarmsOf(operator, alarm)).includes('inside'))
  await breakCamera(world, 'clear')
  await sees(operator, 'inside')
  await eventually('the end of the alarm', async () => (await alarmsOf(operator, alarm)).length === 0)
}

const KINDS = [
  {
    name: 'camera-dark',
    mode: 'dark',
    trouble: 'dark',
    alarm: 'camera_blocked',
    what: 'the light going off',
  },
  {
    name: 'camera-frozen',
    mode: 'frozen',
    trouble: 'frozen',
    alarm: 'camera_frozen',
    what: 'the same picture again and again',
  },
  {
    name: 'camera-moved',
    mode: 'moved',
    trouble: 'moved',
    alarm: 'camera_blocked',
    what: 'a camera that was knocked aside',
  },
  {
    name: 'camera-out-of-focus',
    mode: 'blurred',
    trouble: 'blurred',
    alarm: 'camera_blocked',
    what: 'a lens out of focus',
  },
  {
    name: 'camera-unreachable',
    mode: 'unreachable',
    trouble: 'unreachable',
    alarm: 'camera_unreachable',
    what: 'a camera that gives no picture',
  },
] as const

const troubles: readonly Scenario[] = KINDS.map(({ name, what, ...kind }) => ({
  name,
  shows: `${what} is told apart from other trouble, alarms by the name of the camera, and is over when it sees again`,
  edgeSettings: OFTEN,
  run: (world) => playTrouble(world, kind),
}))

export const cameraTwo: Scenario = {
  name: 'camera-two',
  shows:
    'of two cameras each has its own state, reference and pictures: the one that is covered is named at the cabinet, in the alarm and on the axis of the visit, the other goes on seeing',
  cameras: 2,
  edgeSettings: OFTEN,
  async run(world) {
    const operator = await world.staff('operator')
    const agent = await world.staff('agent')
    await sees(operator, 'inside')
    await sees(operator, 'door')
    const consumer = await world.consumer()
    const visit = await shop(world, consumer, [
      { do: 'camera', mode: 'covered', camera: 'door' },
      { do: 'wait', ms: 8000 },
      take('s4', 'water-550'),
      { do: 'wait', ms: 4000 },
    ])
    const paid = await consumer.orderIn(visit.session.sessionId, ['paid'])
    await expectChargedOnce(world, consumer, paid, visit.truth.taken)
    const view = await cameraIs(operator, 'door', ({ state }) => state === 'blocked', 'blocked')
    expectEqual(view.trouble, 'covered', 'what the camera in the door has')
    expectEqual((await sees(operator, 'inside')).trouble, null, 'what the camera inside has')
    expectEqual(await alarmsOf(operator, 'camera_blocked'), ['door'], 'cameras with an alarm')
    const order = await agent.order(paid.orderId)
    const blind = order.timeline.filter(({ lane }) => lane === 'camera').map(({ values }) => values['camera'])
    expectThat(
      blind.length > 0 && blind.every((camera) => camera === 'door'),
      `the axis of the visit names ${JSON.stringify(blind)}`,
    )
    await eventually(
      'pictures of both cameras at the core',
      async () => {
        const { evidence } = (await agent.order(paid.orderId)).order
        const cameras = new Set(
          evidence.filter((one) => one.kind === 'snapshot' && one.isUploaded).map(({ camera }) => camera),
        )
        return cameras.has('inside') && cameras.has('door')
      },
      { withinMs: 30_000 },
    )
    const before = order.order.evidence.filter(({ moment }) => moment === 'before')
    expectEqual(
      before.map(({ camera }) => camera).toSorted((a = '', b = '') => a.localeCompare(b)),
      ['door', 'inside'],
      'cameras with a picture from before the door was opened',
    )
    expectThat(
      before.every(({ atMs }) => paid.openedAtMs !== null && atMs < paid.openedAtMs),
      'a picture from before the door was opened is younger than that',
    )
    await breakCamera(world, 'unreachable', 'inside')
    await cameraIs(operator, 'inside', ({ trouble }) => trouble === 'unreachable', 'unreachable')
    expectEqual((await operator.cabinet()).cabinet.camera, 'unreachable', 'the worst of both')
    await breakCamera(world, 'clear', 'door')
    await sees(operator, 'door')
    // One that sees again does not speak for the other.
    expectEqual((await operator.cabinet()).cabinet.camera, 'unreachable', 'the state while one is still away')
  },
}

export const CAMERA_STORIES: readonly Scenario[] = [...troubles, cameraTwo]
