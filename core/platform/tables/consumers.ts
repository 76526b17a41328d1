export interface ConsumerTables {
  consumer: {
    consumerId: string
    /** The provider's openid, AES-256-GCM, bound to this row. */
    openidSealed: string
    /** HMAC of the openid under a key of its own, so that a person is found without being readable. */
    openidIndex: string
    language: 'zh' | 'en'
    createdAtMs: number
    /** Set when the provider says that the permission was taken back; the next opening asks for consent again. */
    permissionLostAtMs: number | null
  }
  consumerSession: {
    tokenSha256: string
    consumerId: string
    createdAtMs: number
    expiresAtMs: number
    revokedAtMs: number | null
  }
  /** A consent that was asked for and has not come back yet. The state is also the provider's authorization code. */
  consent: {
    state: string
    /** SHA-256 of the cookie of the browser that asked: a link sent to somebody else binds nobody. */
    browserSha256: string
    cabinetId: string
    createdAtMs: number
    usedAtMs: number | null
    /** What the reader wanted to do that had to wait for it, sealed with `consent.wish/<state>`; gone when it was done. */
    wishSealed: string | null
  }
}
