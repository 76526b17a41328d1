import { createHash } from 'node:crypto'
import { generateURI, verifySync } from 'otplib'
import type { Random } from '#protocol/base/random.ts'
import type { SecondFactorSetup } from '#protocol/api/accounts.ts'
import { qrModules, qrPath } from '#core/platform/qr.ts'

/** RFC 4226 asks for at least 128 bits and recommends 160. */
const SECRET_BYTES = 20
const STEP_SECONDS = 30
const RECOVERY_CODES = 10
/** 80 bits each: nobody finds one from its hash. */
const RECOVERY_BYTES = 10
const RECOVERY_CODE = /^[a-z0-9]{4}(-[a-z0-9]{4}){3}$/
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const ISSUER = 'Cabinets'

export function makeSecret(random: Random): string {
  return base32(random.bytes(SECRET_BYTES)).toUpperCase()
}

/** What an authenticator app reads, by camera or typed in. */
export function setupOf(name: string, secret: string): SecondFactorSetup {
  const uri = generateURI({ issuer: ISSUER, label: name.slice(0, 24), secret })
  const modules = qrModules(uri)
  if (modules === undefined)
    throw new Error(`assertion failed: an address of ${uri.length} letters is too long`)
  return { secret, uri, qr: qrPath(modules) }
}

/**
 * @param afterStep  step of the last code that was taken; that one and older ones are refused, so that a code that
 *   somebody looked over a shoulder works no second time (RFC 6238, 5.2)
 * @returns the step of the code, to be kept; undefined when it is wrong. A clock may be one step off.
 */
export function stepOfCode(
  secret: string,
  code: string,
  nowMs: number,
  afterStep: number,
): number | undefined {
  const now = Math.floor(nowMs / 1000)
  const result = verifySync({ secret, token: code, epoch: now, epochTolerance: STEP_SECONDS })
  if (!result.valid) return undefined
  const step = Math.floor(now / STEP_SECONDS) + result.delta
  return step > afterStep ? step : undefined
}

export function makeRecoveryCodes(random: Random): string[] {
  return Array.from({ length: RECOVERY_CODES }, () =>
    (base32(random.bytes(RECOVERY_BYTES)).match(/.{4}/g) as string[]).join('-'),
  )
}
export function isRecoveryCode(code: string): boolean {
  return RECOVERY_CODE.test(code)
}
export function hashRecoveryCode(staffId: string, code: string): string {
  return createHash('sha256').update(`${staffId} ${code}`).digest('hex')
}

/** @param bytes a multiple of five */
function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += BASE32[(value >>> bits) & 31]
    }
    value &= (1 << bits) - 1
  }
  return text
}
