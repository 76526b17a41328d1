import type { Migration } from '../migrate.ts'
import { platformMigration } from './0001-platform.ts'
import { moneyAndSupportMigration } from './0002-money-and-support.ts'
import { booksAndPricesMigration } from './0003-books-and-prices.ts'
import { credentialsMigration } from './0004-credentials.ts'
import { streamsMigration } from './0005-streams.ts'
import { integrityMigration } from './0006-integrity.ts'
import { controlMigration } from './0007-control.ts'
import { alarmSubjectsMigration } from './0008-alarm-subjects.ts'
import { openIntervalsMigration } from './0009-open-intervals.ts'
import { complaintsMigration } from './0010-complaints.ts'
import { arrearsMigration } from './0011-arrears.ts'
import { ticketsWithoutCabinetMigration } from './0012-tickets-without-cabinet.ts'
import { accountsMigration } from './0013-accounts.ts'
import { viewVersionsMigration } from './0014-view-versions.ts'
import { coldLogMigration } from './0015-cold-log.ts'
import { makingGoodMigration } from './0016-making-good.ts'
import { policiesMigration } from './0017-policies.ts'
import { restockMigration } from './0018-restock.ts'
import { ticketDeskMigration } from './0019-ticket-desk.ts'
import { doorsMigration } from './0021-doors.ts'
import { knowledgeMigration } from './0020-knowledge.ts'
import { orderSearchMigration } from './0022-order-search.ts'
import { ticketArchiveMigration } from './0023-ticket-archive.ts'
import { improvementMigration } from './0024-improvement.ts'
import { followUpMigration } from './0025-follow-up.ts'
import { reportsMigration } from './0026-reports.ts'
import { rechecksMigration } from './0027-rechecks.ts'
import { emergenciesMigration } from './0028-emergencies.ts'
import { teamMigration } from './0029-team.ts'
import { ticketPicturesMigration } from './0030-ticket-pictures.ts'
import { loweringRequestsMigration } from './0031-lowering-requests.ts'
import { cabinetQuestionsMigration } from './0032-cabinet-questions.ts'
import { callersMigration } from './0033-callers.ts'
import { ticketSearchMigration } from './0034-ticket-search.ts'
import { batchBlocksMigration } from './0035-batch-blocks.ts'
import { alarmShelvingMigration } from './0036-alarm-shelving.ts'
import { decisionRetentionMigration } from './0037-decision-retention.ts'

/** In order, without holes. */
export const MIGRATIONS: readonly Migration[] = [
  platformMigration,
  moneyAndSupportMigration,
  booksAndPricesMigration,
  credentialsMigration,
  streamsMigration,
  integrityMigration,
  controlMigration,
  alarmSubjectsMigration,
  openIntervalsMigration,
  complaintsMigration,
  arrearsMigration,
  ticketsWithoutCabinetMigration,
  accountsMigration,
  viewVersionsMigration,
  coldLogMigration,
  makingGoodMigration,
  policiesMigration,
  restockMigration,
  ticketDeskMigration,
  knowledgeMigration,
  doorsMigration,
  orderSearchMigration,
  ticketArchiveMigration,
  improvementMigration,
  followUpMigration,
  reportsMigration,
  rechecksMigration,
  emergenciesMigration,
  teamMigration,
  ticketPicturesMigration,
  loweringRequestsMigration,
  cabinetQuestionsMigration,
  callersMigration,
  ticketSearchMigration,
  batchBlocksMigration,
  alarmShelvingMigration,
  decisionRetentionMigration,
]
