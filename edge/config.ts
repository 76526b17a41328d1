import { readFileSync } from 'node:fs'
import Type from 'typebox'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'

/** A whole-number setting with everything that a reader needs: what, unit, default, range. */
function integer(title: string, unit: string, byDefault: number, minimum: number, maximum: number) {
  return Type.Integer({ title, unit, default: byDefault, minimum, maximum })
}
function number(title: string, unit: string, byDefault: number, minimum: number, maximum: number) {
  return Type.Number({ title, unit, default: byDefault, minimum, maximum })
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const MEBIBYTE = 1024 * 1024

/**
 * Every setting of the edge agent. All of them need a restart. What the core decides for a cabinet (setpoint, lockout,
 * planogram, session policy) comes with the desired document instead; the policy settings here hold until one arrived.
 * `docs/reference/edge-configuration.md` is generated from this table.
 */
export const Settings = Type.Object(
  {
    // bus
    boardIdleMs: integer(
      'Pause between readings of lock, door and climate without a session',
      'ms',
      200,
      20,
      5000,
    ),
    boardSessionMs: integer('The same during a session', 'ms', 100, 20, 5000),
    scalesIdleMs: integer('Pause between weighings without a session', 'ms', 500, 50, 10_000),
    scalesSessionMs: integer('Pause between weighings during a session', 'ms', 100, 10, 200),
    busLostAfterMs: integer(
      'No answer from any device for this long: the port is opened again',
      'ms',
      2000,
      200,
      MINUTE_MS,
    ),
    serialReopenShortestMs: integer(
      'First pause before the serial port is opened again',
      'ms',
      500,
      50,
      MINUTE_MS,
    ),
    serialReopenLongestMs: integer(
      'Longest pause before the serial port is opened again',
      'ms',
      5000,
      100,
      10 * MINUTE_MS,
    ),
    silentDeviceRetryMs: integer(
      'A device that stopped answering is asked again this often',
      'ms',
      1000,
      50,
      MINUTE_MS,
    ),
    staleAfterMs: integer('A reading older than this is stale', 'ms', 3000, 200, MINUTE_MS),
    // session
    notOpenedMs: integer(
      'Unlocked but not opened for this long: lock again (until the core says otherwise)',
      'ms',
      15_000,
      100,
      10 * MINUTE_MS,
    ),
    leftOpenWarningMs: integer(
      'Door open for this long warns (until the core says otherwise)',
      'ms',
      MINUTE_MS,
      100,
      HOUR_MS,
    ),
    leftOpenAlarmMs: integer(
      'Door open for this long alarms (until the core says otherwise)',
      'ms',
      3 * MINUTE_MS,
      100,
      HOUR_MS,
    ),
    reopenGraceMs: integer(
      'Opened again within this time joins the session (until the core says otherwise)',
      'ms',
      10_000,
      0,
      10 * MINUTE_MS,
    ),
    lockRetryMs: integer(
      'A lock that did not engage is commanded again this often',
      'ms',
      1000,
      100,
      MINUTE_MS,
    ),
    settleLongestMs: integer(
      'After the door closed the receipt is made at the latest after this time',
      'ms',
      8000,
      500,
      5 * MINUTE_MS,
    ),
    quietBeforeMs: integer(
      'Weighings kept from before the unlock, as the baseline',
      'ms',
      4000,
      500,
      MINUTE_MS,
    ),
    journalFlushMs: integer(
      'Weighings are written to the journal at least this often',
      'ms',
      1000,
      50,
      10_000,
    ),
    traceSamplesMost: integer(
      'Weighings kept of one session; beyond it every tenth',
      'samples',
      30_000,
      100,
      60_000,
    ),
    // delivery
    windowMost: integer('Unacknowledged events under way, at most', 'events', 200, 1, 10_000),
    retransmitShortestMs: integer(
      'First wait for an acknowledgement before sending again',
      'ms',
      2000,
      50,
      MINUTE_MS,
    ),
    retransmitLongestMs: integer('Longest wait before sending again', 'ms', MINUTE_MS, 100, HOUR_MS),
    helloTimeoutMs: integer(
      'Without an answer to the hello, events go one at a time after this',
      'ms',
      10_000,
      100,
      10 * MINUTE_MS,
    ),
    watchdogMs: integer(
      'Waiting events and no acknowledgement for this long: the connection is dropped',
      'ms',
      20_000,
      500,
      HOUR_MS,
    ),
    connectTimeoutMs: integer('Time for a connection to the broker', 'ms', 4000, 100, MINUTE_MS),
    keepaliveSeconds: integer('MQTT keep-alive', 's', 20, 1, 600),
    reconnectShortestMs: integer(
      'First pause before connecting again, before jitter',
      'ms',
      500,
      10,
      MINUTE_MS,
    ),
    reconnectLongestMs: integer(
      'Longest pause before connecting again, before jitter',
      'ms',
      30_000,
      100,
      HOUR_MS,
    ),
    outboxBytesMost: integer(
      'Unacknowledged events kept; at 100 % no new session starts',
      'bytes',
      64 * MEBIBYTE,
      1024,
      4096 * MEBIBYTE,
    ),
    diskReserveBytes: integer(
      'With less room on the disk than this no new session starts',
      'bytes',
      64 * MEBIBYTE,
      MEBIBYTE,
      100_000 * MEBIBYTE,
    ),
    rewindKeepMs: integer(
      'Acknowledged events are kept this long for a core that asks again',
      'ms',
      7 * DAY_MS,
      MINUTE_MS,
      90 * DAY_MS,
    ),
    rewindBytesMost: integer(
      'Acknowledged events kept, at most',
      'bytes',
      200 * MEBIBYTE,
      0,
      4096 * MEBIBYTE,
    ),
    liveSessionMs: integer('Pause between live telemetry during a session', 'ms', 400, 50, MINUTE_MS),
    liveIdleMs: integer('Pause between live telemetry without a session', 'ms', 5000, 200, 10 * MINUTE_MS),
    chargeDeferredAfterMs: integer(
      'The end of a session waits this long without a link: charge.deferred',
      'ms',
      10_000,
      100,
      HOUR_MS,
    ),
    commandKeepMs: integer('The command journal is kept this long', 'ms', 2 * DAY_MS, DAY_MS, 90 * DAY_MS),
    commandRowsMost: integer(
      'So many commands are remembered at most: near it those older than a day go, at it new ones are refused',
      'commands',
      20_000,
      1000,
      1_000_000,
    ),
    // camera
    cameraSessionMs: integer('Pause between pictures during a session', 'ms', 1000, 100, MINUTE_MS),
    cameraIdleMs: integer('Pause between pictures without a session', 'ms', 30_000, 500, HOUR_MS),
    cameraTimeoutMs: integer('Time for one picture', 'ms', 3000, 100, MINUTE_MS),
    cameraConfirmFrames: integer(
      'Pictures in a row that must agree before the camera counts as blocked or clear',
      'pictures',
      2,
      1,
      20,
    ),
    cameraFrozenFrames: integer('Identical pictures in a row that count as frozen', 'pictures', 5, 2, 1000),
    cameraDarkLuminance: number('Mean luminance below this is dark', '0 to 255', 18, 0, 255),
    cameraFlatSharpness: number(
      'Laplacian variance below this is featureless whatever the reference',
      'variance',
      12,
      0,
      10_000,
    ),
    cameraBlurredFocus: number(
      'Fine detail below this part of the reference is out of focus',
      'part of the reference',
      0.35,
      0,
      1,
    ),
    cameraInPlaceLikeness: number(
      'Likeness of the edges to the reference below which the camera is covered or moved',
      '0 to 1',
      0.4,
      0.05,
      1,
    ),
    snapshotWaitMs: integer('The receipt waits this long for the last pictures', 'ms', 1200, 0, MINUTE_MS),
    upkeepLookMs: integer(
      'Pause between two looks at the fill of the outbox and for steps of the clock',
      'ms',
      5000,
      500,
      MINUTE_MS,
    ),
    // climate
    climateLookMs: integer('Pause between two looks at the cold', 'ms', 5000, 500, MINUTE_MS),
    climateWindowMs: integer('Length of a climate reading', 'ms', 5 * MINUTE_MS, 200, HOUR_MS),
    setpointPauseMs: integer('Shortest pause between two setpoint changes', 'ms', MINUTE_MS, 0, HOUR_MS),
    excursionAfterMs: integer(
      'Above the limit for this long is reported as an excursion',
      'ms',
      5 * MINUTE_MS,
      100,
      HOUR_MS,
    ),
    lockoutLimitDeciCelsius: integer(
      'Above this the food is unsafe (until the core says otherwise)',
      '0.1 °C',
      50,
      -300,
      300,
    ),
    lockoutAfterMs: integer(
      'Unsafe for this long latches (until the core says otherwise)',
      'ms',
      15 * MINUTE_MS,
      100,
      DAY_MS,
    ),
    lockoutAfterDoorCloseMs: integer('The same after the door closed', 'ms', 30 * MINUTE_MS, 100, DAY_MS),
    lockoutAfterDefrostMs: integer('The same after a defrost', 'ms', 30 * MINUTE_MS, 100, DAY_MS),
    defrostPauseMs: integer(
      'Shortest pause between two defrosts that somebody asks for',
      'ms',
      2 * HOUR_MS,
      0,
      DAY_MS,
    ),
    probeSilentMs: integer('No temperature for this long counts as unsafe', 'ms', MINUTE_MS, 200, HOUR_MS),
    probeStuckMs: integer(
      'Exactly the same temperature for this long, although compressor or door moved the air: the probe is stuck',
      'ms',
      2 * HOUR_MS,
      500,
      DAY_MS,
    ),
    probeJumpDeciCelsius: integer(
      'A larger change between two readings is believed only when the next ones agree',
      '0.1 °C',
      120,
      10,
      500,
    ),
    probesApartDeciCelsius: integer('Two probes further apart than this disagree', '0.1 °C', 50, 5, 300),
    probesApartMs: integer('… when they do so for this long', 'ms', 10 * MINUTE_MS, 200, DAY_MS),
    // evidence
    evidenceBytesMost: integer(
      'Evidence files kept in the data folder',
      'bytes',
      512 * MEBIBYTE,
      MEBIBYTE,
      65_536 * MEBIBYTE,
    ),
    evidenceKeepMs: integer(
      'Evidence is kept this long after the core accepted it',
      'ms',
      DAY_MS,
      0,
      90 * DAY_MS,
    ),
    evidenceAttemptsMost: integer(
      'Upload attempts of one file before it is set aside',
      'attempts',
      200,
      1,
      100_000,
    ),
    evidenceRetryShortestMs: integer('First pause after a failed upload', 'ms', 1000, 20, HOUR_MS),
    evidenceRetryLongestMs: integer('Longest pause after a failed upload', 'ms', 5 * MINUTE_MS, 100, DAY_MS),
    chunkBytes: integer('Size of an upload chunk', 'bytes', 256 * 1024, 1024, 256 * 1024),
    credentialCheckMs: integer(
      'The core is asked this often whether the credentials of this cabinet are due',
      'ms',
      10 * MINUTE_MS,
      200,
      DAY_MS,
    ),
    requestTimeoutMs: integer('Time for one request to the core', 'ms', 15_000, 200, 5 * MINUTE_MS),
    // log
    logLevel: Type.Union(
      (['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const).map((level) => Type.Literal(level)),
      { title: 'Least important log line that is written', unit: 'level', default: 'info' },
    ),
  },
  { additionalProperties: false },
)
export type Settings = Type.Static<typeof Settings>
export type SettingName = keyof Settings

export interface SettingEntry {
  name: SettingName
  title: string
  unit: string
  byDefault: string | number
  range: string
}

/** The table for people: the documentation, `--help` and the sentence of a wrong value come from it. */
export function settingEntries(): SettingEntry[] {
  return Object.entries(Settings.properties).map(([name, schema]) => {
    const about = schema as {
      title?: string
      unit?: string
      default?: string | number
      minimum?: number
      maximum?: number
      anyOf?: Array<{ const?: string }>
    }
    return {
      name: name as SettingName,
      title: about.title ?? '',
      unit: about.unit ?? '',
      byDefault: about.default ?? '',
      range:
        about.minimum === undefined
          ? (about.anyOf ?? []).map((option) => option.const).join(', ')
          : `${about.minimum} … ${about.maximum}`,
    }
  })
}

/** All defaults, then the given values on top. @throws config_invalid naming the setting and what to do */
export function parseSettings(given: Readonly<Record<string, unknown>>, source: string): Settings {
  const entries = new Map<string, SettingEntry>(settingEntries().map((entry) => [entry.name, entry]))
  const merged: Record<string, unknown> = {}
  for (const entry of entries.values()) merged[entry.name] = entry.byDefault
  for (const [name, value] of Object.entries(given)) {
    const entry = entries.get(name)
    if (!entry) {
      throw new CabinetError(
        'config_invalid',
        `There is no setting ${JSON.stringify(name)} (in ${source}); npm run edge -- --help lists them.`,
      )
    }
    merged[name] = value
    const one = parseValue(Settings.properties[entry.name], value)
    if (!one.ok) {
      throw new CabinetError(
        'config_invalid',
        `The setting ${name} (in ${source}) is ${JSON.stringify(value)}, but it must be ${entry.range} in ${entry.unit}; its default is ${entry.byDefault}.`,
      )
    }
  }
  return merged as Settings
}

/** @throws config_invalid when the file cannot be read or is not a JSON object */
export function readSettingsFile(file: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CabinetError(
      'config_invalid',
      `The configuration file ${file} cannot be used: ${messageOf(error)}.`,
      { cause: error },
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CabinetError(
      'config_invalid',
      `The configuration file ${file} must hold one JSON object of settings.`,
    )
  }
  return value as Record<string, unknown>
}
