import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { SavedCabinet } from './cabinet-types.ts'

const Saved = Compile(
  Type.Object({
    version: Type.Literal(1),
    nextNumber: Type.Integer(),
    setpointDeciCelsius: Type.Integer(),
    items: Type.Array(
      Type.Object({
        itemId: Type.String(),
        sku: Type.Optional(Type.String()),
        grams: Type.Number(),
        homeShelf: Type.Optional(Type.String()),
        place: Type.Union([Type.Literal('hand'), Type.Object({ shelf: Type.String() })]),
      }),
      { maxItems: 5000 },
    ),
    cells: Type.Record(
      Type.String(),
      Type.Object({
        character: Type.Object({ gain: Type.Number(), zeroGrams: Type.Number(), resonanceHz: Type.Number() }),
        tareGrams: Type.Number(),
      }),
    ),
  }),
)

/**
 * Where the goods lay when the simulator was stopped.
 * @returns undefined at the first start
 * @throws CabinetError data_folder_unusable when the file is there but is not ours
 */
export function loadCabinet(file: string): SavedCabinet | undefined {
  if (!existsSync(file)) return undefined
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (Saved.Check(value)) {
      return {
        ...value,
        items: value.items.map((item) => ({ ...item, sku: item.sku, homeShelf: item.homeShelf })),
      }
    }
    const [first] = Saved.Errors(value)
    throw new Error(`${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'}`)
  } catch (error) {
    throw new CabinetError(
      'data_folder_unusable',
      `${file}: ${messageOf(error)}; remove it to begin with full shelves.`,
      {
        cause: error,
      },
    )
  }
}

/** Written beside and renamed, so that a kill leaves the old file or the new one. */
export function saveCabinet(file: string, saved: SavedCabinet) {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(`${file}.next`, JSON.stringify(saved))
  renameSync(`${file}.next`, file)
}
