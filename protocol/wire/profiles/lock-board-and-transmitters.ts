import type { Profile } from '../profile.ts'
import { genericLockBoard, publishedTransmitter } from './parts.ts'

const { framed, lock, door } = genericLockBoard(201, 1, 1)

/** A cabinet of bought parts: one lock of a generic lock board and a published transmitter under each of five shelves. */
export const lockBoardAndTransmitters: Profile = {
  name: 'lock-board-and-transmitters',
  version: 1,
  notes: [
    'Transmitter: published fridge firmware; 115200 8N1, units 11 to 15. Turn its automatic zero (registers 96 and 97) off, or it erases a light pick.',
    'Lock board: published frames and checksums. Its speed is set on the board; set it to that of the transmitters.',
    'The lock board has one contact, for lock and door together: forced doors and bolts that do not seat cannot be told apart from open ones.',
    'There is no thermostat on this line, and so no food-safety lockout: sell nothing chilled with it.',
  ],
  serial: { baudRate: 115200, dataBits: 8, parity: 'none', stopBits: 1 },
  timeoutMs: 120,
  retries: 2,
  blocks: [],
  framed: [framed],
  lock,
  door,
  scales: [11, 12, 13, 14, 15].map((unit, index) => publishedTransmitter(unit, `s${index + 1}`)),
}
