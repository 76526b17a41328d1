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
  /** As `seal`, of bytes: nonce, tag and what was sealed, one after the other. */
  sealBytes(plain: Uint8Array, boundTo: string): Buffer
  /** @throws when the bytes were altered or belong to another row */
  openBytes(sealed: Uint8Array, boundTo: string): Buffer
  /** The same for the same text, useless without the key. */
  blindIndex(plain: string): string
}

export function createSeal(keys: { sealKey: Uint8Array; indexKey: Uint8Array }, random: Random): Seal {
  function sealBytes(plain: Uint8Array, boundTo: string): Buffer {
    const nonce = random.bytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', takenKey(keys.sealKey), nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(Buffer.from(boundTo))
    const body = Buffer.concat([cipher.update(plain), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), body])
  }
  function openBytes(sealed: Uint8Array, boundTo: string): Buffer {
    const decipher = createDecipheriv(
      'aes-256-gcm',
      takenKey(keys.sealKey),
      sealed.subarray(0, NONCE_BYTES),
      {
        authTagLength: TAG_BYTES,
      },
    )
    decipher.setAAD(Buffer.from(boundTo))
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
  }
  return {
    sealBytes,
    openBytes,
    seal: (plain, boundTo) => sealBytes(Buffer.from(plain), boundTo).toString('base64url'),
    open: (sealed, boundTo) => openBytes(Buffer.from(sealed, 'base64url'), boundTo).toString('utf8'),
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
