/** Crockford's base 32: no I, L, O, U, so that a code can be read over the telephone and typed from a screen. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const WHOLE = new RegExp(`^[${ALPHABET}]+$`)

/** Bytes as letters and digits, five bits each; bits that do not fill a letter are dropped. */
export function codeText(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return text
}

/** People read and type codes: case, spaces and hyphens do not count, nor do letters that look alike. */
export function plainCode(code: string): string {
  return code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
}

/** In groups of four, as it is shown. */
export function groupedCode(code: string): string {
  return code.match(/.{1,4}/g)?.join('-') ?? ''
}

/**
 * An enrolment code: 4 characters that name it, 8 that are its secret, 16 of the authority's fingerprint. The last part
 * is no secret; with it the first contact of a cabinet is with the right core or with none.
 */
export interface EnrolmentCode {
  readonly handle: string
  readonly secret: string
  /** Empty when the code was given without one. */
  readonly fingerprint: string
}
export const HANDLE_CHARACTERS = 4
export const SECRET_CHARACTERS = 8
export const FINGERPRINT_CHARACTERS = 16

/** @returns undefined when it cannot be a code: wrong length or letters */
export function parseEnrolmentCode(code: string): EnrolmentCode | undefined {
  const plain = plainCode(code)
  const secretEnd = HANDLE_CHARACTERS + SECRET_CHARACTERS
  if (plain.length !== secretEnd && plain.length !== secretEnd + FINGERPRINT_CHARACTERS) return undefined
  if (!WHOLE.test(plain)) return undefined
  return {
    handle: plain.slice(0, HANDLE_CHARACTERS),
    secret: plain.slice(HANDLE_CHARACTERS, secretEnd),
    fingerprint: plain.slice(secretEnd),
  }
}
