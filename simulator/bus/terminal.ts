import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { ReadStream } from 'node:tty'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'

/** One end of a pseudo-terminal; the other end is a device file that any serial program can open. */
export interface Terminal {
  /** The stable name that programs are given: a symbolic link to the device. */
  readonly linkPath: string
  readonly devicePath: string
  write(bytes: Uint8Array): void
  /** Pulls the plug: the device vanishes, programs that have it open get an error. */
  destroy(): void
}

/** What node-pty hands out for a terminal without a program in it; its typings leave it out. */
interface OpenedPty {
  readonly master: ReadStream
  readonly slave: ReadStream
  /** A private field, and the only place where the name of the device stands. */
  readonly _pty: string
}
const nodePty = createRequire(import.meta.url)('@lydell/node-pty') as {
  open(options: { encoding: null }): OpenedPty
}

/** A master that reads nothing must not make us keep its answers for ever. */
const MOST_UNREAD_BYTES = 64 * 1024

/**
 * @throws CabinetError serial_open_failed when the system has no pseudo-terminals or the link cannot be written
 */
export function openTerminal(options: { linkPath: string; onBytes: (bytes: Uint8Array) => void }): Terminal {
  const { linkPath, onBytes } = options
  try {
    // `encoding: null`: the default decodes UTF-8 and destroys bytes.
    const { master, slave, _pty: devicePath } = nodePty.open({ encoding: null })
    // Our copy of the far end would read what is meant for the program there.
    slave.destroy()
    let isOpen = true
    master.removeAllListeners('error')
    master.on('error', (error) => {
      // EIO only says that no program has the far end open just now.
      if (isOpen && !messageOf(error).includes('EIO')) throw error
    })
    master.on('data', (bytes: Uint8Array) => onBytes(bytes))
    pointLink(linkPath, devicePath)
    return {
      linkPath,
      devicePath,
      write(bytes) {
        if (isOpen && master.writableLength < MOST_UNREAD_BYTES) master.write(bytes)
      },
      destroy() {
        if (!isOpen) return
        isOpen = false
        removeLink(linkPath, devicePath)
        master.destroy()
      },
    }
  } catch (error) {
    throw new CabinetError('serial_open_failed', `No pseudo-terminal at ${linkPath}: ${messageOf(error)}.`, {
      cause: error,
    })
  }
}

/** Replaces the link in one step, so that a program never finds it missing while it moves. */
function pointLink(linkPath: string, devicePath: string) {
  mkdirSync(path.dirname(linkPath), { recursive: true })
  const next = `${linkPath}.next`
  rmSync(next, { force: true })
  symlinkSync(devicePath, next)
  renameSync(next, linkPath)
}
/** Only our own link: another simulator may have taken the name since. */
function removeLink(linkPath: string, devicePath: string) {
  if (linkTarget(linkPath) === devicePath) rmSync(linkPath, { force: true })
}
function linkTarget(linkPath: string): string | undefined {
  try {
    return readlinkSync(linkPath)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EINVAL'))
      return undefined
    throw error
  }
}
