import type { Migration } from '../migrate.ts'

/** What reports read by time, and the summaries of months as they were made. */
export const reportsMigration: Migration = {
  version: 26,
  name: 'reports',
  statements: `
CREATE INDEX ticketByOpening ON ticket (openedAtMs);
CREATE INDEX ticketBySolution ON ticket (resolvedAtMs) WHERE resolvedAtMs IS NOT NULL;
CREATE INDEX ticketOpenedAgain ON ticketEvent (atMs, ticketId) WHERE substr(what, -7) = 'eopened';
CREATE INDEX refundBySuccess ON refund (succeededAtMs) WHERE succeededAtMs IS NOT NULL;
CREATE INDEX causeCaseByTime ON causeCase (atMs);
CREATE INDEX callBackByEnd ON callBack (endedAtMs) WHERE endedAtMs IS NOT NULL;
CREATE INDEX orderLineOfOrder ON orderLine (orderId, sku);
CREATE TABLE monthSummary (
  month TEXT NOT NULL, operator TEXT NOT NULL, version INTEGER NOT NULL CHECK (version > 0),
  report TEXT NOT NULL CHECK (json_valid(report)), textZh TEXT NOT NULL CHECK (json_valid(textZh)),
  textEn TEXT NOT NULL CHECK (json_valid(textEn)), madeAtMs INTEGER NOT NULL, madeBy TEXT NOT NULL,
  PRIMARY KEY (month, operator, version)) STRICT, WITHOUT ROWID;
CREATE TRIGGER monthSummaryStays BEFORE UPDATE ON monthSummary
  BEGIN SELECT RAISE(ABORT, 'a summary is never changed; make its next version'); END;
CREATE TRIGGER monthSummariesAreKept BEFORE DELETE ON monthSummary
  BEGIN SELECT RAISE(ABORT, 'summaries are kept'); END;
`,
}
