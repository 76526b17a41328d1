import type { TSchema } from 'typebox'
import { Build } from 'typebox/schema'
import type { Plugin } from 'rolldown'

/**
 * Takes the place of `typebox/compile` in a bundle: the checks of the known schemas are written into it as code, so that
 * nothing is generated and evaluated at run time. A schema that nobody announced is checked by TypeBox's interpreter:
 * slower, equally right.
 */
export function staticChecks(schemas: ReadonlyMap<string, TSchema>): Plugin {
  const id = '\0static-checks'
  return {
    name: 'static-checks',
    resolveId: (source) => (source === 'typebox/compile' ? id : undefined),
    load: (loaded) => (loaded === id ? moduleOf(schemas) : undefined),
  }
}

/** Schemas are told apart by their JSON: two that read the same accept the same. */
export function distinct(schemas: Iterable<TSchema>): Map<string, TSchema> {
  return new Map([...schemas].map((schema) => [JSON.stringify(schema), schema]))
}

function moduleOf(schemas: ReadonlyMap<string, TSchema>): string {
  const table = [...schemas]
    .map(([key, schema]) => `[${JSON.stringify(key)}, () => ${codeOf(schema)}]`)
    .join(',\n')
  return `
import { Guard } from 'typebox/guard'
import { Hashing } from 'typebox/system'
import { CheckContext } from 'typebox/schema'
import { Check, Errors } from 'typebox/value'
void [Guard, Hashing, CheckContext]
const checks = new Map([
${table}
])
export function Compile(schema) {
  const make = checks.get(JSON.stringify(schema))
  return {
    Check: make === undefined ? (value) => Check(schema, value) : make(),
    Errors: (value) => Errors(schema, value),
  }
}
`
}

/** An expression that yields the check of one schema. */
function codeOf(schema: TSchema): string {
  const build = Build({}, schema)
  const { identifier, variables } = build.External()
  const values = variables.map((value) => {
    // A pattern can be written down; a function of ours could not, and would be missed silently.
    if (value instanceof RegExp) return String(value)
    throw new Error(`a schema needs something that cannot be written as code: ${String(value)}`)
  })
  const entry = build.UseUnevaluated()
    ? `{ const context = new CheckContext({}, {}); return ${build.Entry()} }`
    : build.Entry()
  return `{ const ${identifier} = [${values.join(', ')}]; ${build.Functions().join(';\n')}; return (value) => ${entry} }`
}

/** Every schema that a module exports, with all that they consist of. */
export function schemasIn(modules: readonly object[]): Set<TSchema> {
  const found = new Set<TSchema>()
  const seen = new Set<unknown>()
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== 'object' || seen.has(value)) return
    seen.add(value)
    if ('~kind' in value) found.add(value as TSchema)
    for (const inner of Object.values(value)) walk(inner)
  }
  for (const module of modules) walk({ ...module })
  return found
}
