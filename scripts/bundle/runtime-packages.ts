import { cpSync, existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/** What a package carries that is of no use where it only runs. */
const NEVER =
  /(^|\/)(deps|docs?|test|tests|benchmark|man|install|\.github|bin|include)(\/|$)|\.(md|map|gyp|gypi|c|cc|cpp|h|hpp|d\.ts|d\.mts|d\.cts|ts|yml|yaml|sh)$/
const PLATFORM = `${process.platform}-${process.arch}`

interface Manifest {
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

/** Packages that only serve to compile what comes compiled here. */
const BUILD_ONLY = new Set(['node-addon-api'])

/**
 * Copies packages with everything that they need at run time into a `node_modules` of their own: JavaScript, licences, and
 * the native parts for this computer's platform.
 * @returns the copied package folders, by name
 */
export function copyRuntimePackages(
  names: readonly string[],
  fromFolder: string,
  intoFolder: string,
): string[] {
  const copied = new Map<string, string>()
  for (const name of names) copyPackage(name, fromFolder, intoFolder, copied)
  return [...copied.keys()].toSorted()
}

function copyPackage(
  name: string,
  fromFolder: string,
  intoFolder: string,
  copied: Map<string, string>,
): void {
  if (BUILD_ONLY.has(name)) return
  const folder = findPackage(name, fromFolder)
  // An optional native part of another platform is not installed.
  if (folder === undefined) return
  const already = copied.get(name)
  if (already === folder) return
  if (already !== undefined)
    throw new Error(`two versions of ${name} are needed (${already}, ${folder}); this copies one`)
  copied.set(name, folder)
  cpSync(folder, path.join(intoFolder, 'node_modules', name), {
    recursive: true,
    dereference: true,
    filter: (source) => isNeeded(path.relative(folder, source)),
  })
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest
  for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }))
    copyPackage(dependency, folder, intoFolder, copied)
}

function isNeeded(file: string): boolean {
  if (file === '') return true
  if (NEVER.test(file) || file.split(path.sep).includes('node_modules')) return false
  const prebuilt = /(?:^|\/)prebuilds\/([^/]+)/.exec(file)?.[1]
  return prebuilt === undefined || prebuilt.replace(/\.node$/, '') === PLATFORM
}

function findPackage(name: string, fromFolder: string): string | undefined {
  for (const folder of createRequire(path.join(fromFolder, 'package.json')).resolve.paths(name) ?? []) {
    const candidate = path.join(folder, name)
    if (existsSync(path.join(candidate, 'package.json'))) return candidate
  }
  return undefined
}
