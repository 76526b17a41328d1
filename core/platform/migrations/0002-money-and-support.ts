import type { Migration } from '../migrate.ts'

/** Sessions, orders, money, consumers, tickets, notices. */
export const moneyAndSupportMigration: Migration = { version: 2, name: 'money-and-support', statements: '' }
