/** The codes that the provider publishes, with the HTTP status that goes with each. */
export const PROVIDER_CODES = {
  PARAM_ERROR: 400,
  INVALID_REQUEST: 400,
  INVALID_ORDER_STATE: 400,
  APPID_MCHID_NOT_MATCH: 400,
  NO_STATEMENT_EXIST: 400,
  STATEMENT_CREATING: 400,
  SIGN_ERROR: 401,
  NO_AUTH: 403,
  NOT_ENOUGH: 403,
  USER_ACCOUNT_ABNORMAL: 403,
  ORDER_NOT_EXIST: 404,
  RESOURCE_NOT_EXISTS: 404,
  FREQUENCY_LIMITED: 429,
  SYSTEM_ERROR: 500,
} as const
export type ProviderCode = keyof typeof PROVIDER_CODES

/** Numbers of the provider's handbook for one cause inside a code; they stand in the message, as on the real wire. */
export const HANDBOOK = {
  changedReentry: 271316598,
  deductionRunning: 271316754,
  notCancellable: 271316592,
  unpaidOrders: 271299627,
  evaluation: 268560785,
} as const

/** An answer that the provider gives on purpose. Becomes `{code, message, detail?}` with the published status. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly code: ProviderCode
  readonly detail: Readonly<Record<string, string>> | undefined

  constructor(code: ProviderCode, message: string, detail?: Record<string, string>) {
    super(message)
    this.code = code
    this.detail = detail
  }
  get status(): number {
    return PROVIDER_CODES[this.code]
  }
  toBody(): Record<string, unknown> {
    return this.detail
      ? { code: this.code, message: this.message, detail: this.detail }
      : { code: this.code, message: this.message }
  }
}
