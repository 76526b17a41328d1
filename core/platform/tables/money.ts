export type MoneyTables = object
