import { createSecretKey, type KeyObject } from 'node:crypto'

const taken = new WeakMap<Uint8Array, KeyObject>()

/** The key as the cryptography takes it. Taking up its bytes costs more than one use of it, so it is done once. */
export function takenKey(key: Uint8Array): KeyObject {
  let object = taken.get(key)
  if (object === undefined) taken.set(key, (object = createSecretKey(key)))
  return object
}
