import { registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Mutant } from './mutant.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')

/**
 * Changes the text of one file while this thread loads it; nothing on the disk changes.
 * @returns `check`, which throws when the file was loaded before or never
 * @throws while loading, when the text to find does not stand there exactly once
 */
export function plant(mutant: Mutant): { check(): void } {
  const target = pathToFileURL(path.join(ROOT, mutant.file)).href
  let isPlanted = false
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (url !== target) return loaded
      const text =
        typeof loaded.source === 'string'
          ? loaded.source
          : Buffer.from(loaded.source as Uint8Array).toString('utf8')
      isPlanted = true
      const edits = [mutant, ...(mutant.also === undefined ? [] : [mutant.also])]
      return { ...loaded, source: edits.reduce((changed, edit) => editOnce(mutant, changed, edit), text) }
    },
  })
  return {
    check() {
      if (!isPlanted)
        throw new Error(
          `The mutant ${mutant.id} was not planted: ${mutant.file} is not part of the simulation.`,
        )
    },
  }
}

function editOnce(mutant: Mutant, text: string, edit: { find: string; replace: string }): string {
  const places = text.split(edit.find).length - 1
  if (places !== 1)
    throw new Error(
      `The mutant ${mutant.id} does not fit ${mutant.file} any more: its text stands there ${places} times. Write it anew in test/simulation/mutants/list.ts.`,
    )
  return text.replace(edit.find, () => edit.replace)
}
