import type { Profile } from '../profile.ts'
import { BOARD, BOARD_UNIT, LOCK_ENGAGE, LOCK_RELEASE, referenceProfile } from '../reference-profile.ts'

const flag = (register: number) => ({ unit: BOARD_UNIT, register, activeValue: 1, inactiveValue: 0 })

/** The reference board with two doors: shelves s1 to s3 behind the first, s4 and s5 behind the second. */
export const twoDoorProfile: Profile = {
  ...referenceProfile,
  name: 'two-door',
  furtherDoors: [
    {
      lock: {
        unlock: { unit: BOARD_UNIT, register: BOARD.secondLockCommand, value: LOCK_RELEASE },
        lock: { unit: BOARD_UNIT, register: BOARD.secondLockCommand, value: LOCK_ENGAGE },
        isUnlocked: flag(BOARD.secondLockState),
        isBoltSeated: flag(BOARD.secondBoltSeated),
        isKeyTurned: flag(BOARD.secondManualKey),
        settleMs: 1000,
      },
      door: { isOpen: flag(BOARD.secondDoorOpen) },
    },
  ],
  scales: referenceProfile.scales.map((scale) => ({
    ...scale,
    ...(['s4', 's5'].includes(scale.shelf) ? { door: 1 } : {}),
  })),
}
