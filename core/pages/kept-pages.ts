import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'

/** A page as it is sent. */
export interface KeptPage {
  readonly compressed: Buffer
  /** The tag by which a reader asks whether it is still the same. */
  readonly tag: string
}
interface Kept extends KeptPage {
  readonly mark: string
}

const BYTES_MOST = 16 * 1024 * 1024
/** What a key, a mark and the entry itself take besides the page. */
const ENTRY_BYTES = 512

/**
 * Pages that were drawn, by address and language, each with the mark of the facts it was drawn from. A page whose mark is
 * another one is never given out, so what is kept can be forgotten at any time but not be wrong. Those asked for longest
 * ago go first.
 */
export class KeptPages {
  readonly #pages = new Map<string, Kept>()
  readonly #bytesMost: number
  #bytes = 0

  constructor(bytesMost = BYTES_MOST) {
    this.#bytesMost = bytesMost
  }

  /** @param mark  of the facts at this moment */
  find(key: string, mark: string): KeptPage | undefined {
    const kept = this.#pages.get(key)
    if (kept === undefined || kept.mark !== mark) return undefined
    this.#pages.delete(key)
    this.#pages.set(key, kept)
    return kept
  }

  /** @param mark  read before the facts were, so that a change in between shows */
  keep(key: string, mark: string, page: KeptPage): void {
    this.forget(key)
    this.#pages.set(key, { ...page, mark })
    this.#bytes += page.compressed.byteLength + ENTRY_BYTES
    for (const oldest of this.#pages.keys()) {
      if (this.#bytes <= this.#bytesMost) break
      this.forget(oldest)
    }
  }

  forget(key: string): void {
    const kept = this.#pages.get(key)
    if (kept === undefined) return
    this.#pages.delete(key)
    this.#bytes -= kept.compressed.byteLength + ENTRY_BYTES
  }
}

/** The tag is of the text, so a page that was drawn again with the same words is the same page. */
export function compressPage(text: string): KeptPage {
  return {
    compressed: gzipSync(text),
    tag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`,
  }
}
export function textOf(page: KeptPage): Buffer {
  return gunzipSync(page.compressed)
}
