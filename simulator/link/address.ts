import { CabinetError } from '#protocol/base/errors.ts'

export interface HostPort {
  readonly host: string
  readonly port: number
}

/**
 * "host:port", or a URL whose port may be left to its scheme.
 * @throws CabinetError config_invalid naming the flag
 */
export function parseHostPort(text: string, flag: string): HostPort {
  const withScheme = text.includes('://') ? text : `tcp://${text}`
  const url = URL.parse(withScheme)
  const port = Number(url?.port || DEFAULT_PORTS[url?.protocol ?? ''])
  const host = url?.hostname.replace(/^\[|\]$/g, '')
  if (!host || !Number.isInteger(port) || port < 1) {
    throw new CabinetError(
      'config_invalid',
      `${flag} is ${JSON.stringify(text)}; it must be host:port or a URL.`,
    )
  }
  return { host, port }
}
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'mqtt:': 1883,
  'mqtts:': 8883,
}
