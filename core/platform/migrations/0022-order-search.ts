import type { Migration } from '../migrate.ts'

/** What a search for orders looks at: cabinet, the provider's number, and the ends of numbers, which people read aloud. */
export const orderSearchMigration: Migration = {
  version: 22,
  name: 'order-search',
  statements: `
CREATE INDEX orderByCabinet ON "order" (cabinetId, createdAtMs);
CREATE INDEX orderByTail ON "order" (substr(orderId, -4));
CREATE INDEX consumerByTail ON consumer (substr(consumerId, -4));
CREATE INDEX chargeByProviderOrder ON charge (providerOrderId) WHERE providerOrderId IS NOT NULL;
`,
}
