/** Every command that a cabinet knows (protocol/messages/commands.ts has its arguments). */
export const COMMAND_NAMES = [
  'door.unlock',
  'door.lock',
  'scale.tare',
  'scale.calibrate-empty',
  'scale.calibrate',
  'climate.defrost',
  'lockout.clear',
  'camera.snapshot',
  'agent.restart',
] as const
export type CommandName = (typeof COMMAND_NAMES)[number]

export function isCommandName(name: string): name is CommandName {
  return (COMMAND_NAMES as readonly string[]).includes(name)
}

/** A weight used for calibration: heavy enough that the noise of the scale does not matter. */
export const KNOWN_GRAMS = { least: 200, most: 20_000 } as const
