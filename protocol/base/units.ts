/**
 * Branded numbers and strings, so that grams cannot be added to fen. On the wire and in SQL they are plain integers.
 * Money is integer fen (1/100 yuan). Temperatures are integer tenths of a degree Celsius. Times are integer milliseconds.
 */
declare const brand: unique symbol
export type Brand<T, B extends string> = T & { readonly [brand]?: B }

export type Fen = Brand<number, 'fen'>
export type Grams = Brand<number, 'grams'>
export type DeciCelsius = Brand<number, 'deciCelsius'>
/** Milliseconds since 1970 UTC. */
export type WallMs = Brand<number, 'wallMs'>
/** Milliseconds on a process's monotonic clock. */
export type MonoMs = Brand<number, 'monoMs'>

export type CabinetId = Brand<string, 'CabinetId'>
export type SessionId = Brand<string, 'SessionId'>
export type OrderId = Brand<string, 'OrderId'>
export type ConsumerId = Brand<string, 'ConsumerId'>
/** Lower-case hexadecimal SHA-256 of the bytes it names. */
export type Sha256 = Brand<string, 'Sha256'>

export const PARTITION_COUNT = 64

/** 350 → "3.50"; for messages. Pages use Intl.NumberFormat. */
export function yuanText(fen: number): string {
  const sign = fen < 0 ? '-' : ''
  const whole = Math.abs(fen)
  return `${sign}${Math.floor(whole / 100)}.${String(whole % 100).padStart(2, '0')}`
}
