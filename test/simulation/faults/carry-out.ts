import { FAIR } from '../world/network.ts'
import { FAIR_PROVIDER } from '../world/provider-node.ts'
import { hasCamera, type World } from '../world/world.ts'
import { changeCard, takeClonesOff } from './cards.ts'
import { type Fault, isOfProvider } from './plan.ts'

/** Does what the plan says, when it says so. */
export function scheduleFaults(world: World, faults: readonly Fault[]): void {
  if (faults.some(isOfProvider)) world.tally('run with a fault of the provider')
  for (const fault of faults)
    world.scheduler.at(undefined, `fault ${fault.kind}`, fault.atMs, () => begin(world, fault))
}

/** Everything outside is as it should be again: lines, hardware, provider, clocks. What was begun goes on. */
export function heal(world: World): void {
  const { network, provider } = world
  world.isHealing = true
  Object.assign(network.weather, FAIR)
  network.cutOff.clear()
  network.halfOpen.clear()
  Object.assign(provider.weather, FAIR_PROVIDER)
  provider.faults.clear()
  world.core.machine.wallOffsetMs = 0
  world.core.spare()
  world.coreDisk.free()
  takeClonesOff(world)
  for (const edge of world.edges) {
    edge.machine.wallOffsetMs = 0
    edge.spare()
    edge.disk.free()
    Object.assign(edge.body.ailments, {
      isBusDead: false,
      isLockStuck: false,
      scale: undefined,
      camera: undefined,
    })
  }
}

function begin(world: World, fault: Fault): void {
  const { network, provider, scheduler, core, count } = world
  world.tell?.('fault', JSON.stringify(fault))
  const later = (run: () => void) =>
    void scheduler.at(undefined, `end of ${fault.kind}`, fault.forMs, () => {
      if (!world.isHealing) run()
    })
  switch (fault.kind) {
    case 'bad lines': {
      const { lossShare, duplicateShare, lateShare, lateLongestMs } = fault
      count('bad lines')
      Object.assign(network.weather, { lossShare, duplicateShare, lateShare, lateLongestMs })
      later(() => Object.assign(network.weather, FAIR))
      break
    }
    case 'partition':
      count('partition')
      network.cutOff.add(fault.cabinetId)
      later(() => network.cutOff.delete(fault.cabinetId))
      break
    case 'half-open':
      count('half-open link')
      network.halfOpen.set(fault.cabinetId, fault.way)
      later(() => network.halfOpen.delete(fault.cabinetId))
      break
    case 'kill edge':
      world.edge(fault.cabinetId).crash({ kind: fault.moment, nth: fault.nth }, fault.isPowerCut)
      break
    case 'restart edge':
      world.edge(fault.cabinetId).restart()
      break
    case 'kill core':
      core.crash({ kind: fault.moment, nth: fault.nth })
      break
    case 'kill broker':
      count('broker killed')
      network.killBroker()
      break
    case 'restart broker':
      count('broker restarted by itself')
      network.restartBroker(fault.awayMs, fault.coreLaterMs)
      break
    case 'clock of edge':
      count('clock jump')
      world.edge(fault.cabinetId).machine.wallOffsetMs += fault.offsetMs
      later(() => {
        count('clock jump')
        world.edge(fault.cabinetId).machine.wallOffsetMs = 0
      })
      break
    case 'clock of core':
      count('core clock step')
      core.machine.wallOffsetMs += fault.stepMs
      break
    case 'bus dead':
      count('bus dead')
      world.edge(fault.cabinetId).body.ailments.isBusDead = true
      later(() => {
        world.edge(fault.cabinetId).body.ailments.isBusDead = false
      })
      break
    case 'lock stuck':
      count('lock stuck')
      world.edge(fault.cabinetId).body.ailments.isLockStuck = true
      later(() => {
        world.edge(fault.cabinetId).body.ailments.isLockStuck = false
      })
      break
    case 'scale': {
      const { ailments } = world.edge(fault.cabinetId).body
      count(`scale ${fault.how}`)
      ailments.scale = { sensor: fault.sensor, how: fault.how }
      later(() => {
        ailments.scale = undefined
      })
      break
    }
    case 'camera': {
      const { ailments } = world.edge(fault.cabinetId).body
      if (!hasCamera(world.seed)) return
      count(`camera ${fault.how}`)
      ailments.camera = fault.how
      later(() => {
        ailments.camera = undefined
      })
      break
    }
    case 'bad provider':
      count('bad provider')
      Object.assign(provider.weather, {
        lostBeforeShare: fault.lostBefore,
        lostAfterShare: fault.lostAfter,
        failShare: fault.fails,
        twiceShare: fault.twice,
        slowShare: fault.slow,
      })
      later(() => {
        const { callbackLostShare, callbackTwiceShare, callbackLateShare } = provider.weather
        Object.assign(provider.weather, FAIR_PROVIDER, {
          callbackLostShare,
          callbackTwiceShare,
          callbackLateShare,
        })
      })
      break
    case 'bad callbacks': {
      const shares = {
        callbackLostShare: fault.lost,
        callbackTwiceShare: fault.twice,
        callbackLateShare: fault.late,
      }
      count('bad callbacks')
      Object.assign(provider.weather, shares)
      later(() => {
        for (const name of Object.keys(shares) as Array<keyof typeof shares>) provider.weather[name] = 0
      })
      break
    }
    case 'provider':
      count(fault.how.replaceAll('_', ' '))
      provider.faults.set({ kind: fault.how, delayMs: fault.delayMs })
      break
    case 'old card':
    case 'new card':
    case 'cloned card':
      changeCard(world, fault.kind, fault.cabinetId, later)
      break
    case 'lying core disk': {
      const image = world.coreDisk.copy()
      later(() => {
        count('core disk lost what it had synced')
        core.goBack(image)
      })
      break
    }
    case 'replayed command':
      network.replay(fault.cabinetId)
      break
    case 'disk full': {
      const disk = fault.cabinetId === undefined ? world.coreDisk : world.edge(fault.cabinetId).disk
      count(fault.cabinetId === undefined ? 'core disk full' : 'edge disk full')
      disk.fill()
      later(() => disk.free())
      break
    }
    case 'failing commit': {
      const moment = { kind: 'failing-commit', nth: fault.nth, isKept: fault.isKept } as const
      if (fault.cabinetId === undefined) core.crash(moment)
      else world.edge(fault.cabinetId).crash(moment, false)
      break
    }
  }
}
