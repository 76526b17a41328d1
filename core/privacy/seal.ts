import { createCipheriv, createDecipheriv, hash, createHmac } from 'node:crypto'
import type { Random } from '#protocol/base/random.ts'
import { takenKey } from '#core/platform/taken-key.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Personal data at rest: one key encrypts, another one makes the index by which a sealed value is found. */
export interface Seal {
  /** @param boundTo  table, column and row; the same bytes in another row do not open */
  seal(plain: string, boundTo: string): string
  /** @throws when the value was altered or belongs to another row */
  open(sealed: string, boundTo: string): string
  /** The same for the same text, useless without the key. */
  blindIndex(plain: string): string
}

export function createSeal(keys: { sealKey: Uint8Array; indexKey: Uint8Array }, random: Random): Seal {
  return {
    seal(plain, boundTo) {
      const nonce = random.bytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', takenKey(keys.sealKey), nonce, {
        authTagLength: TAG_BYTES,
      })
      cipher.setAAD(Buffer.from(boundTo))
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')
    },
    open(sealed, boundTo) {
      const bytes = Buffer.from(sealed, 'base64url')
      const decipher = createDecipheriv(
        'aes-256-gcm',
        takenKey(keys.sealKey),
        bytes.subarray(0, NONCE_BYTES),
        {
          authTagLength: TAG_BYTES,
        },
      )
      decipher.setAAD(Buffer.from(boundTo))
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      const body = bytes.subarray(NONCE_BYTES + TAG_BYTES)
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
    },
    blindIndex: (plain) => createHmac('sha256', takenKey(keys.indexKey)).update(plain).digest('hex'),
  }
}

/** Tokens are kept as their hash: 256 random bits need no slow hash. */
export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex')
}

/** `顾客 · 7f3a` for staff: enough to tell two people apart, nothing to find them by. */
export function consumerLabel(consumerId: string): string {
  return `C-${consumerId.slice(-4).toUpperCase()}`
}
