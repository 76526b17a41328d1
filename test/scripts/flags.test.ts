import { describe, expect, it } from 'vitest'
import { type FlagSpec, readFlags, UsageError } from '#scripts/flags.ts'

const SPECS = {
  port: { type: 'port', default: 8080, environment: 'PORT', help: 'pages' },
  data: { type: 'string', default: 'data', help: 'folder' },
  json: { type: 'boolean', help: 'one object' },
  rounds: { type: 'integer', least: 1, help: 'how often' },
  threads: { type: 'integer', least: 1, most: 8, help: 'at once' },
} satisfies Record<string, FlagSpec>
const read = (args: string[], environment: Record<string, string> = {}) =>
  readFlags('npm run x -- [flags]', SPECS, args, environment)

describe('a command line that is right', () => {
  it('takes flags before the environment, and the environment before defaults', () => {
    expect(read([]).values).toEqual({ port: 8080, data: 'data', json: undefined })
    expect(read([], { PORT: '9000' }).values.port).toBe(9000)
    expect(read(['--port', '9001'], { PORT: '9000' }).values.port).toBe(9001)
  })
  it('knows what was asked for by name, because only then a taken port is an error', () => {
    expect([...read(['--port', '9001']).explicit]).toEqual(['port'])
    expect([...read([], { PORT: '9000' }).explicit]).toEqual(['port'])
    expect([...read([]).explicit]).toEqual([])
  })
  it('keeps words in order', () => {
    expect(read(['sale', '--json', 'dispute']).words).toEqual(['sale', 'dispute'])
  })
})

describe('a command line that is wrong says what to do', () => {
  const cases: Array<[string[], string]> = [
    [['--prot', '1'], "Unknown option '--prot'"],
    [['--port', 'eighty'], '--port takes a whole number, not "eighty"'],
    [['--port', '70000'], 'from 0 to 65535'],
    [['--rounds', '0'], '--rounds takes a number of 1 or more, not 0'],
    [['--rounds', ''], '--rounds takes a whole number, not ""'],
    [['--rounds', '99999999999999999999'], '--rounds takes a whole number, not "99999999999999999999"'],
    [['--threads', '9'], '--threads takes a number from 1 to 8, not 9'],
    [['--data'], "'--data <value>' argument missing"],
  ]
  it.for(cases)('%j', ([args, sentence]) => {
    expect(() => read(args)).toThrow(UsageError)
    expect(() => read(args)).toThrow(sentence)
  })
})
