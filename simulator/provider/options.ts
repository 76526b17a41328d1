/** What a logger must offer; pino fits. */
export interface StandInLog {
  info(fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
  error(fields: Record<string, unknown>, message: string): void
}

/** How the stand-in behaves. Each default is what the real provider does, or is said to be different here and why. */
export interface ProviderBehaviour {
  /** From `complete` to the end of the automatic deduction; modify, cancel and sync are refused meanwhile. */
  readonly deductionDelayMs: number
  /** The provider tries again by itself after a failed deduction. The real one does so over hours. */
  readonly ownRetryMs: number
  /** From an accepted refund to its result. The real one takes minutes (balance) to three days (card). */
  readonly refundDelayMs: number
  /** Partial refunds of one payment must be this far apart. The real one says 60 000; 0 here so that tests need not wait. */
  readonly refundSpacingMs: number
  /** 1 = the published ladder of retries over 24 h; 0.001 makes 15 s into 15 ms. */
  readonly callbackLadderScale: number
  /** A callback must be answered within this time. */
  readonly callbackAnswerMs: number
  /** The most that one service order may ever take. Agreed per service id with the real provider. */
  readonly serviceCapFen: number
  /** A person with this many orders in progress cannot begin another. */
  readonly ordersInProgressLimit: number
  /** The provider's own texts disagree about cancelling a pending order; the newer one refuses. */
  readonly cancelWhilePaying: 'refused' | 'allowed'
  /** `published`: from 10:00 of the next day (Beijing). `at_once` also gives the bill of a running day, for reconciling on demand. */
  readonly billReady: 'published' | 'at_once'
  /** `certificate`: `Wechatpay-Serial` names a platform certificate, which the merchant fetches from `/v3/certificates`. */
  readonly verifiedBy: 'publicKey' | 'certificate'
  /** A held connection (time-out faults) is cut after this. */
  readonly holdMs: number
}

export const DEFAULT_BEHAVIOUR: ProviderBehaviour = {
  deductionDelayMs: 300,
  ownRetryMs: 60_000,
  refundDelayMs: 500,
  refundSpacingMs: 0,
  callbackLadderScale: 1,
  callbackAnswerMs: 5_000,
  serviceCapFen: 50_000,
  ordersInProgressLimit: 3,
  cancelWhilePaying: 'refused',
  billReady: 'at_once',
  verifiedBy: 'publicKey',
  holdMs: 30_000,
}
