import { describe, expect, it } from 'vitest'
import { PERMISSION_WORDS } from '#console/words/permissions.ts'
import { PERMISSIONS } from '#core/staff/permissions.ts'

describe('the table of who may do what', () => {
  it.each(Object.keys(PERMISSIONS))('says %s in both languages', (permission) => {
    expect(PERMISSION_WORDS[permission]?.zh).toMatch(/\p{Script=Han}/u)
    expect(PERMISSION_WORDS[permission]?.en).toMatch(/[a-z]/)
  })
})
