/**
 * A state machine as data. `next` computes; someone else applies the result and acts on it.
 * Tests, diagrams and the buttons of a page come from the same table.
 */
export type MachineTable = Record<string, Record<string, string>>

export interface Machine<S extends string, I extends string> {
  readonly name: string
  readonly initial: S
  readonly states: readonly S[]
  readonly inputs: readonly I[]
  readonly table: Readonly<Record<S, Partial<Record<I, S>>>>
  /** The state after `input`, or undefined when nothing happens in this state. */
  next(state: S, input: I): S | undefined
  /** The inputs that lead somewhere from `state`. */
  inputsOf(state: S): I[]
  isTerminal(state: S): boolean
}

type InputsOf<T> = { [S in keyof T]: keyof T[S] }[keyof T] & string

/**
 * Builds a machine and refuses a table with an unknown target or an unreachable state,
 * so that a wrong table stops the process at start, not a session at night.
 */
export function machine<const T extends MachineTable>(definition: {
  name: string
  initial: keyof T & string
  states: T
  /** States that may have no way out. A dead end that is not named here is a mistake. */
  terminal: ReadonlyArray<keyof T & string>
}): Machine<keyof T & string, InputsOf<T>> {
  type S = keyof T & string
  type I = InputsOf<T>
  const { name, initial, states: table, terminal } = definition
  const states = Object.keys(table) as S[]
  const known = new Set<string>(states)
  const inputs = new Set<I>()
  const reached = new Set<string>([initial])
  const waiting: string[] = [initial]
  for (const state of states) {
    const row = table[state] as Record<string, string>
    for (const [input, target] of Object.entries(row)) {
      if (!known.has(target))
        throw new TypeError(`machine ${name}: ${state} --${input}--> ${target}, which is not a state`)
      inputs.add(input as I)
    }
    const isDeadEnd = Object.keys(row).length === 0
    if (isDeadEnd !== terminal.includes(state)) {
      throw new TypeError(
        `machine ${name}: ${state} ${isDeadEnd ? 'has no way out but is not terminal' : 'is terminal but has a way out'}`,
      )
    }
  }
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    for (const target of Object.values(table[state] as Record<string, string>)) {
      if (reached.has(target)) continue
      reached.add(target)
      waiting.push(target)
    }
  }
  const unreached = states.filter((state) => !reached.has(state))
  if (unreached.length > 0) throw new TypeError(`machine ${name}: never reached: ${unreached.join(', ')}`)
  return {
    name,
    initial,
    states,
    inputs: [...inputs],
    table: table as unknown as Record<S, Partial<Record<I, S>>>,
    next: (state, input) => (table[state] as Record<string, string>)[input] as S | undefined,
    inputsOf: (state) => Object.keys(table[state] as Record<string, string>) as I[],
    isTerminal: (state) => Object.keys(table[state] as Record<string, string>).length === 0,
  }
}

/** The state names of a machine, as a type. */
export type StateOf<M> = M extends Machine<infer S, string> ? S : never
/** The input names of a machine, as a type. */
export type InputOf<M> = M extends Machine<string, infer I> ? I : never
