export type SessionTables = object
