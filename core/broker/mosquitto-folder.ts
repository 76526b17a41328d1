import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import {
  LISTENERS_FILE,
  mosquittoFiles,
  type MosquittoListeners,
  type MosquittoState,
  PID_FILE,
} from './mosquitto-files.ts'

/** Files of a Mosquitto beside us, kept current. */
export interface MosquittoFolder {
  readonly listeners: MosquittoListeners
  /** Writes what changed and has it read. @returns whether anything changed, and whether Mosquitto was told */
  write(state: MosquittoState): { hasChanged: boolean; wasTold: boolean }
}

/** Mosquitto runs as another user of the same group; nobody else reads its keys. */
const FILE_MODE = 0o640
const FOLDER_MODE = 0o750

/** @throws config_invalid when `mosquitto-config` has not made the folder */
export function openMosquittoFolder(folder: string): MosquittoFolder {
  const file = path.join(path.resolve(folder), LISTENERS_FILE)
  if (!existsSync(file))
    throw new CabinetError(
      'config_invalid',
      `--mosquitto ${folder}: there is no ${LISTENERS_FILE}; make the folder with: npm run core -- mosquitto-config --out ${folder}`,
    )
  return createMosquittoFolder(folder, JSON.parse(readFileSync(file, 'utf8')) as MosquittoListeners)
}

export function createMosquittoFolder(given: string, listeners: MosquittoListeners): MosquittoFolder {
  const folder = path.resolve(given)
  return {
    listeners,
    write(state) {
      try {
        mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
        const files = Object.entries(mosquittoFiles(folder, os.userInfo().username, listeners, state))
        // Each is replaced whole: a reader in the middle sees the old or the new.
        const changed = files.filter(([name, text]) => replace(path.join(folder, name), text))
        return {
          hasChanged: changed.length > 0,
          wasTold: changed.length > 0 && tell(path.join(folder, PID_FILE)),
        }
      } catch (error) {
        throw new CabinetError(
          'data_folder_unusable',
          `The Mosquitto files in ${folder} cannot be written: ${messageOf(error)}.`,
          { cause: error },
        )
      }
    },
  }
}

function replace(file: string, text: string): boolean {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return false
  const partial = `${file}.partial`
  writeFileSync(partial, text, { mode: FILE_MODE, flush: true })
  chmodSync(partial, FILE_MODE)
  renameSync(partial, file)
  return true
}

/** SIGHUP to the process that wrote the file. @returns false when it is not there, or not ours to signal */
function tell(pidFile: string): boolean {
  if (!existsSync(pidFile)) return false
  const processId = Number(readFileSync(pidFile, 'utf8').trim())
  if (!Number.isSafeInteger(processId) || processId <= 1) return false
  try {
    process.kill(processId, 'SIGHUP')
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH' || code === 'EPERM') return false
    throw error
  }
}
