import { deferredInsufficient, deferredPaidElsewhere, deferredWriteOff } from './arrears.ts'
import { billBalances, billDifferences, billDouble, billNotReady } from './bills.ts'
import { ACCESS_STORIES } from './access.ts'
import { busTrouble, malformedInput, wrongSignature } from './bad-input.ts'
import { BUS_STORIES } from './buses.ts'
import { CALLER_STORIES } from './callers.ts'
import { cameraBlocked } from './camera-blocked.ts'
import { EVIDENCE_STORIES } from './evidence.ts'
import { CAMERA_STORIES } from './cameras.ts'
import { supportBatchBlock } from './batches.ts'
import { COLD_STORIES } from './cold.ts'
import { deferredOffline, deferredPending, deferredToldBefore } from './deferred.ts'
import { clockJump, clonedCard, deadLetter, halfOpen, outboxPressure } from './delivery.ts'
import { BILL_STORIES } from './bill-variants.ts'
import { REFUND_STORIES } from './refund-variants.ts'
import { DEFERRED_STORIES } from './deferred-variants.ts'
import { DOUBLE_CHARGE_STORIES } from './double-charge-variants.ts'
import { DOOR_STORIES } from './doors.ts'
import { TWO_DOOR_STORIES } from './two-doors.ts'
import { dispute } from './dispute.ts'
import { doubleCharge } from './double-charge.ts'
import { faults, SINGLE_FAULTS } from './faults/index.ts'
import { killRounds } from './kill-rounds/index.ts'
import { hostileClients } from './hostile-clients.ts'
import { itemReturned } from './item-returned.ts'
import { coreKilled, edgeKilled } from './killed.ts'
import { lateUnlock } from './late-unlock.ts'
import { LEARNING_STORIES } from './learning.ts'
import { QUESTION_STORIES } from './questions.ts'
import { QUALITY_STORIES } from './quality.ts'
import { OUTSIDE_BROKER_STORIES } from './outside-broker.ts'
import { RESTOCK_STORIES } from './restock.ts'
import { refundBulk, refundCompensationSpent } from './making-good.ts'
import { putBackScenario } from './put-back.ts'
import { restore } from './restore.ts'
import { promotion } from './prices.ts'
import { returnedLater, returnedLaterOther } from './returned-later.ts'
import { restrictionCovered } from './restrictions.ts'
import { refundAtOnce, refundClosedAndUnknown, refundRerouted } from './refunds.ts'
import { nothingTaken, sale } from './sale.ts'
import type { Campaign, Scenario } from './scenario.ts'
import { setpoint, setpointConflict } from './setpoint.ts'
import { SUPPORT_STORIES } from './support.ts'
import { TECHNICIAN_STORIES } from './technician.ts'
import { driftingShelf, foreignObject, lean, quickDouble, stuckSensor, swap, twins } from './weighing.ts'

/** In the order in which a newcomer would like to read them. */
export const SCENARIOS: readonly Scenario[] = [
  sale,
  nothingTaken,
  putBackScenario,
  cameraBlocked,
  ...CAMERA_STORIES,
  doubleCharge,
  itemReturned,
  returnedLater,
  returnedLaterOther,
  restrictionCovered,
  deferredOffline,
  deferredPending,
  deferredToldBefore,
  deferredInsufficient,
  deferredWriteOff,
  deferredPaidElsewhere,
  dispute,
  ...SUPPORT_STORIES,
  supportBatchBlock,
  ...QUESTION_STORIES,
  ...CALLER_STORIES,
  ...LEARNING_STORIES,
  ...QUALITY_STORIES,
  promotion,
  billBalances,
  billDouble,
  billDifferences,
  billNotReady,
  refundRerouted,
  refundClosedAndUnknown,
  refundAtOnce,
  refundCompensationSpent,
  refundBulk,
  ...DOUBLE_CHARGE_STORIES,
  ...DEFERRED_STORIES,
  ...REFUND_STORIES,
  ...BILL_STORIES,
  setpoint,
  setpointConflict,
  lateUnlock,
  ...TECHNICIAN_STORIES,
  ...EVIDENCE_STORIES,
  ...COLD_STORIES,
  ...DOOR_STORIES,
  ...TWO_DOOR_STORIES,
  ...BUS_STORIES,
  ...RESTOCK_STORIES,
  edgeKilled,
  coreKilled,
  restore,
  deadLetter,
  outboxPressure,
  halfOpen,
  clonedCard,
  clockJump,
  busTrouble,
  wrongSignature,
  malformedInput,
  ...ACCESS_STORIES,
  ...OUTSIDE_BROKER_STORIES,
  hostileClients,
  twins,
  swap,
  lean,
  foreignObject,
  driftingShelf,
  stuckSensor,
  quickDouble,
]

/** Counts that take longer than a story. */
export const CAMPAIGNS: readonly Campaign[] = [killRounds, faults]

/** Parts of a campaign that can be asked for by name. */
export const PARTS_OF_CAMPAIGNS: readonly Campaign[] = SINGLE_FAULTS
