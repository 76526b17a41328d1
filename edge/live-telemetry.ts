import type { Clock, Timer } from '#protocol/base/clock.ts'
import type { CameraWatch } from './camera/camera-watch.ts'
import type { ClimateKeeper } from './climate/climate-keeper.ts'
import type { Settings } from './config.ts'
import type { Delivery } from './delivery/delivery.ts'
import { readingOfAll } from './hardware/door-view.ts'
import { type CabinetHardware, isLocked } from './hardware/ports.ts'
import type { DoorSessions } from './session/door-sessions.ts'

/** What the cabinet shows as it happens; it is never stored, and the newest replaces what was before. */
export interface LiveTelemetry {
  start(): void
  stop(): void
  /** Somebody is about to open, or a technician looks at the scales: weigh and tell fast for some seconds. */
  hurryForAWhile(): void
  /** Somebody may open at any moment. */
  readonly isHurrying: boolean
}

/** A prepared door is weighed fast for this long, whether it is unlocked or not. */
const HURRY_MS = 6000

export function createLiveTelemetry(options: {
  clock: Clock
  hardware: Pick<CabinetHardware, 'board' | 'climate' | 'scales' | 'setPace'>
  sessions: Pick<DoorSessions, 'current'>
  climate: Pick<ClimateKeeper, 'airDeciCelsius'>
  cameras: Pick<CameraWatch, 'cameras' | 'status' | 'statuses'>
  delivery: Pick<Delivery, 'sendLive'>
  settings: Pick<Settings, 'liveSessionMs' | 'liveIdleMs'>
}): LiveTelemetry {
  const { clock, hardware, sessions, climate, cameras, delivery, settings } = options
  let nextTimer: Timer | undefined
  let paceTimer: Timer | undefined
  let hurryUntilMonoMs = 0

  function send(): void {
    const board = readingOfAll(hardware.board())
    const sample = hardware.climate()
    const sessionId = sessions.current?.sessionId
    delivery.sendLive({
      ...(sessionId === undefined ? {} : { sessionId }),
      isDoorOpen: board.isDoorOpen,
      isLocked: isLocked(board),
      grams: { ...hardware.scales().grams },
      airDeciCelsius: climate.airDeciCelsius,
      setpointDeciCelsius: sample.setpointDeciCelsius,
      isCompressorOn: sample.isCompressorOn,
      ...(cameras.cameras.length === 0 ? {} : { camera: cameras.status, cameras: cameras.statuses }),
    })
    schedule()
  }
  function schedule(): void {
    const isWatched = sessions.current !== undefined || clock.monoMs() < hurryUntilMonoMs
    const pauseMs = isWatched ? settings.liveSessionMs : settings.liveIdleMs
    nextTimer = clock.setTimer('send live telemetry', pauseMs, send)
  }

  return {
    get isHurrying() {
      return clock.monoMs() < hurryUntilMonoMs
    },
    start: schedule,
    stop() {
      nextTimer?.cancel()
      paceTimer?.cancel()
    },
    hurryForAWhile() {
      hardware.setPace('session')
      hurryUntilMonoMs = clock.monoMs() + HURRY_MS
      nextTimer?.cancel()
      send()
      paceTimer?.cancel()
      paceTimer = clock.setTimer('back to the idle pace', HURRY_MS, () => {
        if (sessions.current === undefined) hardware.setPace('idle')
      })
    },
  }
}
