import { type Logger, pino, stdTimeFunctions } from 'pino'

/**
 * The log of the core, one JSON object a line on standard error. Ids first, words second. Request bodies, headers and
 * cookies are never given to it; the redaction below is only the last fence.
 */
export function createLog(level: string): Logger {
  return pino(
    {
      level,
      base: { part: 'core' },
      timestamp: stdTimeFunctions.isoTime,
      redact: {
        paths: [
          'password',
          '*.password',
          'token',
          '*.token',
          'secret',
          '*.secret',
          'req.headers',
          'headers',
          '*.openid',
        ],
        censor: '[secret]',
      },
      serializers: { err: errorForLog },
    },
    pino.destination({ fd: 2, sync: true }),
  )
}

/** Name, message and stack along the chain of causes; other properties of an error may hold bodies. */
function errorForLog(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: errorForLog(error.cause) }),
  }
}
