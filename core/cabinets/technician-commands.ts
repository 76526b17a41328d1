import { CabinetError } from '#protocol/base/errors.ts'
import type { CommandName } from '#protocol/base/command-names.ts'
import { COMMANDS } from '#protocol/messages/commands.ts'
import { parseValue } from '#protocol/messages/index.ts'
import type { Permission } from '#core/staff/permissions.ts'

/** Everything that a person may ask of a cabinet, with the permission that it needs; the buttons of a page come from it. */
export const TECHNICIAN_COMMANDS = {
  'door.unlock': 'command.unlock',
  'door.lock': 'command.send',
  'camera.snapshot': 'command.send',
  'agent.restart': 'command.send',
  'scale.tare': 'command.scale',
  'scale.calibrate-empty': 'command.scale',
  'scale.calibrate': 'command.scale',
  'climate.defrost': 'command.cold',
  'lockout.clear': 'command.cold',
} as const satisfies Record<CommandName, Permission>

export function commandsOf(permissions: ReadonlySet<Permission>): CommandName[] {
  return (Object.keys(TECHNICIAN_COMMANDS) as CommandName[]).filter((name) =>
    permissions.has(TECHNICIAN_COMMANDS[name]),
  )
}

/** What the cabinet is sent for what a person filled in. */
export function argsFor(
  name: CommandName,
  filledIn: Record<string, unknown>,
  about: { by: string; reason: string; sessionId: string; planogramVersion: number | undefined },
): object {
  const args = argsBefore(name, filledIn, about)
  const parsed = parseValue(COMMANDS[name].args, args)
  if (!parsed.ok) throw new CabinetError('bad_request', `The arguments of ${name}: ${parsed.reason}.`)
  return parsed.value
}

function argsBefore(
  name: CommandName,
  filledIn: Record<string, unknown>,
  { by, reason, sessionId, planogramVersion }: Parameters<typeof argsFor>[2],
): object {
  switch (name) {
    case 'door.unlock':
      // Never a sale: a session of this kind has no consumer, no order and no charge.
      return {
        door: 0,
        ...filledIn,
        sessionId,
        kind: 'service',
        planogramVersion: planogramVersion ?? 1,
        stock: [],
      }
    case 'lockout.clear':
      return { ...filledIn, by: by.slice(0, 64), reason }
    default:
      return filledIn
  }
}
