export type SupportTables = object
