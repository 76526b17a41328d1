import { hash, verify } from '@node-rs/argon2'
import { PASSWORD_LETTERS_LEAST } from '#protocol/api/accounts.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'

/** OWASP's parameters: 19 MiB, two passes. The library's default algorithm is argon2id. */
const ARGON = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
/** Letters that nobody mistakes for another when a password is read out. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'
const FIRST_PASSWORD_LETTERS = 16
const DIFFERENT_LETTERS_LEAST = 5

export function hashPassword(password: string): Promise<string> {
  return hash(password, ARGON)
}
export function isPassword(passwordHash: string, password: string): Promise<boolean> {
  return verify(passwordHash, password)
}

/** One to hand out; whoever gets it must choose another. */
export function makeFirstPassword(random: Random): string {
  let text = ''
  while (text.length < FIRST_PASSWORD_LETTERS) {
    for (const byte of random.bytes(FIRST_PASSWORD_LETTERS)) {
      // Bytes above the last whole multiple would make some letters likelier than others.
      if (byte < LETTERS.length * Math.floor(256 / LETTERS.length) && text.length < FIRST_PASSWORD_LETTERS)
        text += LETTERS[byte % LETTERS.length]
    }
  }
  return (text.match(/.{4}/g) as string[]).join('-')
}

/**
 * Length does more than signs and figures (NIST SP 800-63B, 5.1.1.2).
 * @throws password_unfit
 */
export function checkNewPassword(next: string, account: { name: string; current: string }): void {
  const folded = next.toLowerCase()
  const isFit =
    next.length >= PASSWORD_LETTERS_LEAST &&
    next !== account.current &&
    !(account.name.length >= 3 && folded.includes(account.name.toLowerCase())) &&
    new Set(folded).size >= DIFFERENT_LETTERS_LEAST
  if (!isFit) throw new CabinetError('password_unfit')
}
