import pino, { type Logger } from 'pino'

/** What a run says, for whoever repeats one seed and wants to read along. */
export type Tell = (who: string, what: string) => void

const SILENT = pino({ level: 'silent' })

/** A logger of the real code; silent unless somebody reads along. */
export function createNodeLog(who: string, tell: Tell | undefined): Logger {
  if (tell === undefined) return SILENT
  return pino(
    { level: 'debug', base: null, timestamp: false },
    {
      write(line: string) {
        const { level, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>
        const fields = Object.entries(rest)
          .filter(([name]) => name !== 'cabinetId' && name !== 'part')
          .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
          .join(' ')
        const mark = Number(level) >= 50 ? '!! ' : Number(level) >= 40 ? '! ' : ''
        const stack = (err as { stack?: string } | undefined)?.stack
        tell(who, `${mark}${String(msg)} ${fields}${stack === undefined ? '' : `\n${stack}`}`)
      },
    },
  )
}
