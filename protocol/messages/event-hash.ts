import { hash } from 'node:crypto'
import type { FrameEvent } from './frames.ts'

/**
 * What a cabinet wrote under one number, whatever frame it travels in: repeated it hashes to the same, and two cabinets
 * that write under one identity do not. Both ends compute it: the core to tell a repetition from a fork, the edge to see
 * that the event which the core acknowledges is its own.
 * @param boot  of the event; that of the frame when the event does not say
 * @returns 128 bits in hexadecimal
 */
export function hashEvent(
  event: Pick<FrameEvent, 'type' | 'atMs' | 'monoMs' | 'data'>,
  boot: number,
): string {
  return hash(
    'sha256',
    JSON.stringify([event.type, event.atMs, event.monoMs, boot, event.data]),
    'hex',
  ).slice(0, 32)
}
