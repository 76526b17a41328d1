import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import Type, { type Static } from 'typebox'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import { parseValue } from '#protocol/messages/index.ts'

/** The first bytes of every sealed file: what it is, and the version of the layout. */
const MAGIC = Buffer.from('VCB1')
const NONCE_BYTES = 12
const TAG_BYTES = 16
const PIECE_BYTES = 1024 * 1024
const HEADER_BYTES_MOST = 16 * 1024

/** Readable without the key, and protected by the seal all the same. */
export const SealedHeader = Type.Object({
  kind: Type.Union([Type.Literal('database'), Type.Literal('evidence')]),
  createdAtMs: Type.Integer(),
  /** Of what is inside. */
  bytes: Type.Integer({ minimum: 0 }),
  sha256: Type.String({ minLength: 64, maxLength: 64 }),
  /** First characters of the hash of the key, to find the right one. */
  keyName: Type.String(),
  nonce: Type.String(),
})
export type SealedHeader = Static<typeof SealedHeader>

/** Names a key without saying anything about it. */
export function keyNameOf(key: Uint8Array): string {
  return createHash('sha256').update('backup key name').update(key).digest('hex').slice(0, 12)
}

/** Runs over a file in pieces, so that a large one needs no more memory than a small one. */
function eachPiece(file: string, from: number, to: number, take: (piece: Buffer) => void): void {
  const descriptor = openSync(file, 'r')
  try {
    const piece = Buffer.alloc(PIECE_BYTES)
    for (let at = from; at < to; ) {
      const count = readSync(descriptor, piece, 0, Math.min(PIECE_BYTES, to - at), at)
      if (count === 0) throw new Error(`${file} ended at byte ${at}`)
      take(piece.subarray(0, count))
      at += count
    }
  } finally {
    closeSync(descriptor)
  }
}

export function sha256OfFile(file: string): string {
  const hash = createHash('sha256')
  eachPiece(file, 0, statSync(file).size, (piece) => hash.update(piece))
  return hash.digest('hex')
}

/** A name appears only when everything behind it is on the disk, the entry of the folder included. */
export function settleFile(draft: string, file: string): void {
  renameSync(draft, file)
  const folder = openSync(path.dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/**
 * Writes a sealed copy: AES-256-GCM over the whole file, the header as additional data.
 * @returns its header
 */
export function sealFile(
  source: string,
  target: string,
  about: { kind: SealedHeader['kind']; createdAtMs: number; key: Uint8Array; random: Pick<Random, 'bytes'> },
): SealedHeader {
  const nonce = about.random.bytes(NONCE_BYTES)
  const header: SealedHeader = {
    kind: about.kind,
    createdAtMs: about.createdAtMs,
    bytes: statSync(source).size,
    sha256: sha256OfFile(source),
    keyName: keyNameOf(about.key),
    nonce: Buffer.from(nonce).toString('base64'),
  }
  const headerBytes = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(headerBytes.length)
  const cipher = createCipheriv('aes-256-gcm', about.key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(headerBytes)
  const draft = `${target}.partial`
  const descriptor = openSync(draft, 'w', 0o600)
  try {
    for (const bytes of [MAGIC, length, headerBytes]) writeSync(descriptor, bytes)
    eachPiece(source, 0, header.bytes, (piece) => writeSync(descriptor, cipher.update(piece)))
    writeSync(descriptor, cipher.final())
    writeSync(descriptor, cipher.getAuthTag())
    fsyncSync(descriptor)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
  settleFile(draft, target)
  return header
}

/** @throws CabinetError when it is no sealed file */
export function readHeader(file: string): { header: SealedHeader; headerBytes: Buffer; bodyAt: number } {
  try {
    const size = statSync(file).size
    const descriptor = openSync(file, 'r')
    try {
      const start = Buffer.alloc(8)
      readSync(descriptor, start, 0, 8, 0)
      const length = start.readUInt32BE(4)
      if (!start.subarray(0, 4).equals(MAGIC) || length > HEADER_BYTES_MOST || 8 + length > size)
        throw new Error('it does not begin like a backup')
      const headerBytes = Buffer.alloc(length)
      readSync(descriptor, headerBytes, 0, length, 8)
      const parsed = parseValue(SealedHeader, JSON.parse(headerBytes.toString()))
      if (!parsed.ok) throw new Error(parsed.reason)
      return { header: parsed.value, headerBytes, bodyAt: 8 + length }
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw new CabinetError(
      'config_invalid',
      `${file} is not a backup of this program: ${messageOf(error)}.`,
      { cause: error },
    )
  }
}

/**
 * Opens a sealed file into `target`, which appears only when every byte was found unaltered.
 * @throws CabinetError naming what to do: another key, another file
 */
export function openSealedFile(file: string, target: string, key: Uint8Array): SealedHeader {
  const { header, headerBytes, bodyAt } = readHeader(file)
  if (header.keyName !== keyNameOf(key))
    throw new CabinetError(
      'config_invalid',
      `${file} was sealed with the key ${header.keyName}, the one given is ${keyNameOf(key)}; give the folder with its backup.key as --keys.`,
    )
  const end = statSync(file).size - TAG_BYTES
  const draft = `${target}.partial`
  try {
    const tag = Buffer.alloc(TAG_BYTES)
    const sealed = openSync(file, 'r')
    try {
      readSync(sealed, tag, 0, TAG_BYTES, end)
    } finally {
      closeSync(sealed)
    }
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(header.nonce, 'base64'), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(headerBytes)
    decipher.setAuthTag(tag)
    const descriptor = openSync(draft, 'w', 0o600)
    try {
      eachPiece(file, bodyAt, end, (piece) => writeSync(descriptor, decipher.update(piece)))
      writeSync(descriptor, decipher.final())
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    if (sha256OfFile(draft) !== header.sha256) throw new Error('what is inside is not what was put in')
  } catch (error) {
    rmSync(draft, { force: true })
    throw new CabinetError(
      'config_invalid',
      `${file} is damaged and is not used: ${messageOf(error)}. Take an older one.`,
      {
        cause: error,
      },
    )
  }
  settleFile(draft, target)
  return header
}
