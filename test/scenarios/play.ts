import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { messageOf } from '#protocol/base/errors.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import type { Profile } from '#protocol/wire/profile.ts'
import { referenceProfile } from '#protocol/wire/reference-profile.ts'
import { DEMO_SEED, type PartName, startSystem } from '#scripts/system.ts'
import { ExpectationError } from '#test/support/eventually.ts'
import type { Campaign, CampaignPlay, DemoSeed, Scenario, Skipped } from './scenario.ts'
import { createWorld } from './world.ts'

export interface Outcome {
  name: string
  ok: boolean
  reason?: string
  tookMs: number
  /** Where the logs of a failure lie. */
  dataDir?: string
  /** Parts that this machine cannot play. */
  skipped?: readonly Skipped[]
}

/**
 * Durations that every story shortens, so that nobody waits for a wall clock: how soon a silent cabinet counts as offline,
 * how soon a cut link is tried again, how often a pending charge is asked about.
 */
export const SHORT_POLICY = {
  suspectAfterMs: 4000,
  offlineAfterMs: 8000,
  chargeQueryFirstMs: 500,
  chargeQueryLongestMs: 2000,
}
export const SHORT_EDGE_SETTINGS = {
  liveIdleMs: 1000,
  reconnectShortestMs: 200,
  reconnectLongestMs: 2000,
  retransmitShortestMs: 500,
  setpointPauseMs: 500,
  keepaliveSeconds: 4,
}

const PARTS: readonly PartName[] = ['simulator', 'core', 'edge']

/** Runs one story on a system of its own. A failure keeps its data folder, for its logs and databases. */
export async function playScenario(scenario: Scenario): Promise<Outcome> {
  const clock = createSystemClock()
  const startedMs = clock.monoMs()
  const dataDir = mkdtempSync(path.join(tmpdir(), `scenario-${scenario.name}-`))
  const tookMs = () => clock.monoMs() - startedMs
  try {
    const system = await startSystem({
      dataDir,
      seed: 1,
      seedFile: seedFileOf(scenario.seed, dataDir),
      policy: { ...SHORT_POLICY, ...scenario.policy },
      edgeSettings: { ...SHORT_EDGE_SETTINGS, ...scenario.edgeSettings },
      ...(scenario.cameras === undefined ? {} : { cameras: scenario.cameras }),
      ...(scenario.broker === undefined ? {} : { broker: scenario.broker }),
      ...(scenario.profile === undefined
        ? {}
        : { edgeFlags: ['--profile', profileFileOf(scenario.profile(referenceProfile), dataDir)] }),
    })
    const died: string[] = []
    system.onUnexpectedExit((part, how) =>
      died.push(`the ${part} ended by itself (${how}):\n${system.logTail(part)}`),
    )
    try {
      await scenario.run(createWorld(system))
      if (died.length > 0) throw new ExpectationError(died.join('\n'))
    } catch (error) {
      const tails =
        error instanceof ExpectationError && died.length === 0
          ? ''
          : PARTS.map((part) => `\n--- ${part}\n${system.logTail(part, 8)}`).join('')
      return {
        name: scenario.name,
        ok: false,
        reason: `${[messageOf(error), ...died].join('\n')}${tails}`,
        tookMs: tookMs(),
        dataDir,
      }
    } finally {
      await system.stop()
    }
  } catch (error) {
    return { name: scenario.name, ok: false, reason: messageOf(error), tookMs: tookMs(), dataDir }
  }
  rmSync(dataDir, { recursive: true, force: true })
  return { name: scenario.name, ok: true, tookMs: tookMs() }
}

/** Runs a campaign in a data folder of its own, which a failure keeps. */
export async function playCampaign(
  campaign: Campaign,
  play: Omit<CampaignPlay, 'dataDir'>,
): Promise<Outcome> {
  const clock = createSystemClock()
  const { name } = campaign
  const startedMs = clock.monoMs()
  const dataDir = mkdtempSync(path.join(tmpdir(), `scenario-${name.replace('/', '-')}-`))
  let skipped: readonly Skipped[] = []
  try {
    skipped = await campaign.campaign({ ...play, dataDir })
  } catch (error) {
    const reason = `${messageOf(error)}\n  (seed ${play.seed}: repeat with --seed ${play.seed})`
    return { name, ok: false, reason, tookMs: clock.monoMs() - startedMs, dataDir }
  }
  rmSync(dataDir, { recursive: true, force: true })
  return { name, ok: true, tookMs: clock.monoMs() - startedMs, skipped }
}

function profileFileOf(profile: Profile, dataDir: string): string {
  const file = path.join(dataDir, 'profile.json')
  writeFileSync(file, JSON.stringify(profile))
  return file
}
/** The file of the first cabinet, written into `dataDir` where it is not that of the demonstration. */
export function seedFileOf(seed: Scenario['seed'], dataDir: string): string {
  if (seed === undefined) return DEMO_SEED
  const file = path.join(dataDir, 'seed.json')
  writeFileSync(file, JSON.stringify(seed(JSON.parse(readFileSync(DEMO_SEED, 'utf8')) as DemoSeed)))
  return file
}
