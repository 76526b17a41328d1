export type ConsumerTables = object
