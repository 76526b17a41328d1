import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'

const KEY_BYTES = 32

/**
 * A key of this installation, made on first use and kept in a file that only this user reads.
 * @throws CabinetError when the file is readable by others, too short, or cannot be written
 */
export function loadOrCreateKey(file: string, random: Random): Uint8Array {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    if (!existsSync(file)) {
      writeFileSync(file, Buffer.from(random.bytes(KEY_BYTES)).toString('base64'), {
        mode: 0o600,
        flag: 'wx',
        flush: true,
      })
    }
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
    const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64')
    if (key.length !== KEY_BYTES) throw new Error(`it holds ${key.length} bytes instead of ${KEY_BYTES}`)
    return key
  } catch (error) {
    throw new CabinetError('data_folder_unusable', `The key ${file} cannot be used: ${messageOf(error)}.`, {
      cause: error,
    })
  }
}
