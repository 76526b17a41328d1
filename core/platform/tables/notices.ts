export interface NoticeTables {
  /** What a consumer is told outside our pages. "Told" means that the gateway accepted it. */
  notice: {
    noticeId: string
    consumerId: string
    template: string
    language: 'zh' | 'en'
    title: string
    text: string
    path: string | null
    subjectId: string
    state: 'waiting' | 'accepted' | 'refused' | 'given_up'
    attempts: number
    createdAtMs: number
    acceptedAtMs: number | null
    lastError: string | null
  }
}
