import { describe, expect, it } from 'vitest'
import { permissionWord } from '#console/words/accounts.ts'
import { PERMISSIONS } from '#core/staff/permissions.ts'

describe('the table of who may do what', () => {
  it.each(Object.keys(PERMISSIONS))('says %s in words', (permission) => {
    expect(permissionWord(permission)).not.toBe(permission)
  })
})
