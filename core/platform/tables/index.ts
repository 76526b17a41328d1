import type { ArrearsTables } from './arrears.ts'
import type { CabinetTables } from './cabinets.ts'
import type { CallerTables } from './callers.ts'
import type { CatalogTables } from './catalog.ts'
import type { CompensationTables } from './compensation.ts'
import type { ConsumerTables } from './consumers.ts'
import type { EmergencyTables } from './emergencies.ts'
import type { FollowUpTables } from './follow-up.ts'
import type { ImprovementTables } from './improvement.ts'
import type { IngestTables } from './ingest.ts'
import type { KnowledgeTables } from './knowledge.ts'
import type { LedgerTables } from './ledger.ts'
import type { MoneyTables } from './money.ts'
import type { NoticeTables } from './notices.ts'
import type { PolicyTables } from './policies.ts'
import type { PlatformTables } from './platform.ts'
import type { PricingTables } from './pricing.ts'
import type { RecheckTables } from './rechecks.ts'
import type { ReportTables } from './reports.ts'
import type { RestockTables } from './restock.ts'
import type { SessionTables } from './sessions.ts'
import type { StaffTables } from './staff.ts'
import type { SupportTables } from './support.ts'
import type { TeamTables } from './team.ts'
import type { TicketPictureTables } from './ticket-pictures.ts'

/** Every table by its name. Columns are named as in the code; booleans are 0 or 1, documents are JSON text. */
export interface Tables
  extends PlatformTables,
    CatalogTables,
    CabinetTables,
    CallerTables,
    IngestTables,
    StaffTables,
    SessionTables,
    MoneyTables,
    ArrearsTables,
    LedgerTables,
    PricingTables,
    SupportTables,
    TeamTables,
    ConsumerTables,
    KnowledgeTables,
    EmergencyTables,
    FollowUpTables,
    ImprovementTables,
    CompensationTables,
    NoticeTables,
    PolicyTables,
    RecheckTables,
    ReportTables,
    RestockTables,
    TicketPictureTables {}
