export type NoticeTables = object
